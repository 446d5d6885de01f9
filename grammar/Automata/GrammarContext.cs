namespace HunyuanOrleans.Grammar.Automata;

/// <summary>
/// What the automata of one constraint share: their ids, their rules, and the limits on memory and time that protect the process from a
/// hostile schema or pattern.
/// </summary>
/// <param name="parameter">Name of the request parameter that errors name.</param>
/// <param name="maxTokenLength">Length in bytes of the vocabulary's longest token.</param>
internal sealed class GrammarContext(string parameter, int maxTokenLength)
{
    /// <summary>Maximum number of states of all nondeterministic automata together: about 20 MB.</summary>
    private const int MaxNfaStates = 200_000;

    /// <summary>Maximum number of deterministic states.</summary>
    private const int MaxRuleStates = 20_000;

    /// <summary>
    /// Maximum work of determinization over a constraint's lifetime, in nondeterministic edges visited: less than a second.
    /// </summary>
    private const long MaxDeterminizationWork = 60_000_000;

    /// <summary>Maximum work of advancing by one token or computing one mask, in configurations and trie nodes visited.</summary>
    private const long MaxStepWork = 20_000_000;

    private int _nfaStates;
    private int _ruleStates;
    private long _determinizationWork;
    private long _stepWork;
    private int _nextId;

    /// <summary>Name of the request parameter that errors name.</summary>
    public string Parameter => parameter;

    /// <summary>Length in bytes of the vocabulary's longest token. No mask looks further ahead.</summary>
    public int MaxTokenLength => maxTokenLength;

    /// <summary>All rules that other rules may call.</summary>
    public List<Rule> Rules { get; } = [];

    /// <summary>Work spent since <see cref="BeginStep"/>.</summary>
    public long StepWork => _stepWork;

    /// <summary>Work of determinization spent so far.</summary>
    public long DeterminizationWork => _determinizationWork;

    /// <summary>Estimated memory use of the automata in bytes.</summary>
    public long EstimatedBytes => (100L * _nfaStates) + (1000L * _ruleStates);

    /// <summary>True if half of a limit is used up, so that nothing more should be computed in advance.</summary>
    public bool IsHalfSpent => _ruleStates > MaxRuleStates / 2 || _determinizationWork > MaxDeterminizationWork / 2;

    /// <summary>Returns a new id, unique within the constraint.</summary>
    public int NextId() => ++_nextId;

    public void CountNfaState() => Count(ref _nfaStates, MaxNfaStates, "its grammar has too many parts");

    public void CountRuleState() => Count(ref _ruleStates, MaxRuleStates, "it can be in too many different states");

    public void SpendDeterminization(int work) => Spend(ref _determinizationWork, work, MaxDeterminizationWork);

    /// <summary>Resets <see cref="StepWork"/> before advancing by a token or computing a mask.</summary>
    public void BeginStep() => _stepWork = 0;

    public void SpendStep(int work) => Spend(ref _stepWork, work, MaxStepWork);

    public ConstraintException Error(string message) => new(parameter, message);

    private void Spend(ref long spent, int work, long most)
    {
        spent += work;
        if (spent > most)
        {
            throw TooComplex("following it takes too much work");
        }
    }

    private void Count(ref int count, int most, string reason)
    {
        if (++count > most)
        {
            throw TooComplex($"{reason} (more than {most})");
        }
    }

    private ConstraintException TooComplex(string reason)
        => Error($"The constraint is too complex: {reason}. Use a smaller schema or pattern, with smaller repeat counts.");
}
