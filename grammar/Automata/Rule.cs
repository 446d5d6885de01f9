namespace HunyuanOrleans.Grammar.Automata;

/// <summary>
/// A named part of a grammar: a deterministic automaton over bytes, made as far as it is used, that may call other rules. Not
/// thread-safe. It does not know who calls it.
/// </summary>
internal abstract class Rule
{
    /// <summary>Creates one.</summary>
    /// <param name="scope">The constraint's bounds and ids.</param>
    /// <param name="name">What errors call it.</param>
    /// <param name="listed">True for a rule that others call; false for one that is only part of another's making.</param>
    protected Rule(AutomatonScope scope, string name, bool listed)
    {
        Scope = scope;
        Name = name;
        if (listed)
        {
            scope.Rules.Add(this);
        }
    }

    /// <summary>What errors call it: a JSON pointer, or what it stands for.</summary>
    public string Name { get; }

    /// <summary>Accepts the empty text. Set by <see cref="RuleCheck"/>.</summary>
    public bool Nullable { get; protected set; }

    /// <summary>Accepts anything at all. Set by <see cref="RuleCheck"/>.</summary>
    public bool Productive { get; protected set; }

    /// <summary>A rule has a lower rank than those it may call before it has read a byte. Set by <see cref="RuleCheck"/>.</summary>
    public int Rank { get; set; }

    /// <summary>False where a step is cheap and its states so many that they should not hold each other in memory.</summary>
    public virtual bool RemembersSteps => true;

    /// <summary>The state before anything is read. Only after <see cref="RuleCheck"/>.</summary>
    public abstract RuleState Start { get; }

    /// <summary>Bytes of the vocabulary's longest token.</summary>
    public int LongestToken => Scope.LongestToken;

    /// <summary>States worth a mask of their own that are known so far; it only grows.</summary>
    public abstract IReadOnlyList<RuleState> Known { get; }

    protected AutomatonScope Scope { get; }

    /// <summary>Looks again whether it is nullable and productive, given what is known of the others; true where that is news.</summary>
    public virtual bool Learn() => false;

    /// <summary>Drops what can never lead to its end.</summary>
    public virtual void Trim()
    {
    }

    /// <summary>Rules it may call before it has read a byte.</summary>
    public virtual IEnumerable<Rule> FirstCalls() => [];

    /// <summary>The state after one more byte, or null.</summary>
    public abstract RuleState? Step(RuleState state, byte value);

    /// <summary>The calls that can be made in a state.</summary>
    public virtual RuleCall[] CallsOf(RuleState state) => [];

    /// <summary>A state like this one, so that one's mask can be made of the other's; the state itself where there is none.</summary>
    /// <param name="state">The state.</param>
    /// <param name="horizon">Up to so many bytes both read the same texts and end behind the same ones.</param>
    public virtual RuleState ModelOf(RuleState state, out int horizon)
    {
        horizon = int.MaxValue;
        return state;
    }
}
