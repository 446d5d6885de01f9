namespace HunyuanOrleans.Grammar.Automata;

/// <summary>
/// A named part of a grammar: a deterministic automaton over bytes that may call other rules. Its states are created as they are
/// reached. A rule does not know its callers. Not thread-safe.
/// </summary>
internal abstract class Rule
{
    /// <summary>Initializes the rule.</summary>
    /// <param name="context">The constraint's ids and limits.</param>
    /// <param name="name">Name of the rule in errors.</param>
    /// <param name="registered">
    /// True if other rules call this rule, so that it is added to the context's rules; false if it only serves to construct another rule.
    /// </param>
    protected Rule(GrammarContext context, string name, bool registered)
    {
        Context = context;
        Name = name;
        if (registered)
        {
            context.Rules.Add(this);
        }
    }

    /// <summary>Name of the rule in errors: a JSON pointer or a description.</summary>
    public string Name { get; }

    /// <summary>True if the rule accepts the empty text. Valid after <see cref="RuleAnalyzer"/> has run.</summary>
    public bool Nullable { get; protected set; }

    /// <summary>True if the rule accepts at least one text. Valid after <see cref="RuleAnalyzer"/> has run.</summary>
    public bool Productive { get; protected set; }

    /// <summary>
    /// Topological rank: lower than the rank of every rule that this rule may call before it reads a byte. Set by
    /// <see cref="RuleAnalyzer"/>.
    /// </summary>
    public int Rank { get; set; }

    /// <summary>False if steps are cheap and states so numerous that they should not keep each other in memory.</summary>
    public virtual bool CachesSteps => true;

    /// <summary>The state before anything is read. Valid after <see cref="RuleAnalyzer"/> has run.</summary>
    public abstract RuleState Start { get; }

    /// <summary>Length in bytes of the vocabulary's longest token.</summary>
    public int MaxTokenLength => Context.MaxTokenLength;

    /// <summary>The states created so far whose masks are worth computing in advance. The list only grows.</summary>
    public abstract IReadOnlyList<RuleState> KnownStates { get; }

    protected GrammarContext Context { get; }

    /// <summary>
    /// Updates <see cref="Nullable"/> and <see cref="Productive"/> from what is known of the called rules; returns true if one changed.
    /// </summary>
    public virtual bool UpdateFlags() => false;

    /// <summary>Removes states from which the end of the rule cannot be reached.</summary>
    public virtual void Trim()
    {
    }

    /// <summary>Returns the rules that this rule may call before it reads a byte.</summary>
    public virtual IEnumerable<Rule> InitialCalls() => [];

    /// <summary>Returns the state after one more byte, or null if the byte is not allowed.</summary>
    public abstract RuleState? Step(RuleState state, byte value);

    /// <summary>Returns the calls that can be made in a state.</summary>
    public virtual RuleCall[] CallsOf(RuleState state) => [];

    /// <summary>
    /// Returns a state that behaves like the given one for texts of limited length, so that the mask of one can be derived from the
    /// mask of the other; the state itself if there is no other.
    /// </summary>
    /// <param name="state">The state.</param>
    /// <param name="horizon">Length in bytes up to which both states read the same texts and may end after the same texts.</param>
    public virtual RuleState RepresentativeOf(RuleState state, out int horizon)
    {
        horizon = int.MaxValue;
        return state;
    }
}
