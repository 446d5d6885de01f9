using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Nodes;

/// <summary>
/// Accepts the texts that all of several rules accept. The product automaton is built at once, so that its dead ends can be removed.
/// </summary>
/// <param name="context">The constraint's limits.</param>
/// <param name="rules">Rules made by <see cref="NfaRule.CreateStandalone"/>, or a <see cref="CountedRule"/> over one.</param>
internal sealed class IntersectionNode(GrammarContext context, IReadOnlyList<Rule> rules) : GrammarNode
{
    /// <inheritdoc/>
    public override int AppendTo(Nfa nfa, int from)
    {
        int to = nfa.AddState();
        if (rules.Any(static rule => !rule.Productive))
        {
            return to;
        }

        Dictionary<ProductState, int> states = [];
        Queue<ProductState> pending = [];
        int StateOf(ProductState key)
        {
            if (!states.TryGetValue(key, out int state))
            {
                state = nfa.AddState();
                states.Add(key, state);
                pending.Enqueue(key);
            }

            return state;
        }

        nfa.AddEpsilon(from, StateOf(new ProductState([.. rules.Select(static rule => rule.Start)])));
        while (pending.TryDequeue(out ProductState key))
        {
            AppendState(nfa, key, states[key], to, StateOf);
        }

        return to;
    }

    private void AppendState(Nfa nfa, ProductState key, int state, int to, Func<ProductState, int> stateOf)
    {
        context.SpendDeterminization(256);
        if (key.States.All(static part => part.Accepting))
        {
            nfa.AddEpsilon(state, to);
        }

        int low = 0;
        ProductState? current = null;
        for (int value = 0; value <= 256; value++)
        {
            ProductState? next = value == 256 ? null : key.Step((byte)value);
            if (next != current || value == 256)
            {
                if (current is { } target)
                {
                    nfa.AddByteRange(state, (byte)low, (byte)(value - 1), stateOf(target));
                }

                (low, current) = (value, next);
            }
        }
    }

    /// <summary>A state of the product automaton: one state of each rule.</summary>
    private readonly struct ProductState(RuleState[] states) : IEquatable<ProductState>
    {
        public RuleState[] States => states;

        public static bool operator ==(ProductState a, ProductState b) => a.Equals(b);

        public static bool operator !=(ProductState a, ProductState b) => !a.Equals(b);

        public ProductState? Step(byte value)
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

            return new ProductState(next);
        }

        public bool Equals(ProductState other) => States.AsSpan().SequenceEqual(other.States);

        public override bool Equals(object? obj) => obj is ProductState other && Equals(other);

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
