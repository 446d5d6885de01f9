using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Nodes;

/// <summary>What several rules without calls all accept, found as one automaton in which dead ends can be seen.</summary>
/// <param name="scope">The constraint's bounds.</param>
/// <param name="rules">The rules: plain ones (<see cref="NfaRule.Plain"/>) or counts of such.</param>
internal sealed class CommonNode(AutomatonScope scope, IReadOnlyList<Rule> rules) : Node
{
    /// <inheritdoc/>
    public override int Write(Nfa nfa, int from)
    {
        int to = nfa.Add();
        if (rules.Any(static rule => !rule.Productive))
        {
            return to;
        }

        Dictionary<RuleStates, int> states = [];
        Queue<RuleStates> open = [];
        int StateOf(RuleStates key)
        {
            if (!states.TryGetValue(key, out int state))
            {
                state = nfa.Add();
                states.Add(key, state);
                open.Enqueue(key);
            }

            return state;
        }

        nfa.Skip(from, StateOf(new RuleStates([.. rules.Select(static rule => rule.Start)])));
        while (open.TryDequeue(out RuleStates key))
        {
            WriteState(nfa, key, states[key], to, StateOf);
        }

        return to;
    }

    private void WriteState(Nfa nfa, RuleStates key, int state, int to, Func<RuleStates, int> stateOf)
    {
        scope.SpendDeterminising(256);
        if (key.States.All(static part => part.Accepting))
        {
            nfa.Skip(state, to);
        }

        int low = 0;
        RuleStates? current = null;
        for (int value = 0; value <= 256; value++)
        {
            RuleStates? next = value == 256 ? null : key.Step((byte)value);
            if (next != current || value == 256)
            {
                if (current is { } target)
                {
                    nfa.Read(state, (byte)low, (byte)(value - 1), stateOf(target));
                }

                (low, current) = (value, next);
            }
        }
    }

    /// <summary>One state of each rule.</summary>
    private readonly struct RuleStates(RuleState[] states) : IEquatable<RuleStates>
    {
        public RuleState[] States => states;

        public static bool operator ==(RuleStates a, RuleStates b) => a.Equals(b);

        public static bool operator !=(RuleStates a, RuleStates b) => !a.Equals(b);

        public RuleStates? Step(byte value)
        {
            var next = new RuleState[states.Length];
            for (int i = 0; i < next.Length; i++)
            {
                if (states[i].Step(value) is not { } state)
                {
                    return null;
                }

                next[i] = state;
            }

            return new RuleStates(next);
        }

        public bool Equals(RuleStates other) => States.AsSpan().SequenceEqual(other.States);

        public override bool Equals(object? obj) => obj is RuleStates other && Equals(other);

        public override int GetHashCode()
        {
            HashCode hash = default;
            foreach (RuleState state in states)
            {
                hash.Add(state.Id);
            }

            return hash.ToHashCode();
        }
    }
}
