
namespace HunyuanOrleans.Grammar.Automata;

/// <summary>
/// What the automata of one constraint share: ids, and the bounds that keep one request from eating the machine. It does not know
/// what the automata accept.
/// </summary>
/// <param name="parameter">The parameter that errors name.</param>
/// <param name="longestToken">Bytes of the vocabulary's longest token.</param>
internal sealed class AutomatonScope(string parameter, int longestToken)
{
    /// <summary>Most states of all nondeterministic automata together: some 20 MB.</summary>
    private const int MaxNfaStates = 200_000;

    /// <summary>Most deterministic states made of them.</summary>
    private const int MaxRuleStates = 20_000;

    /// <summary>Most work, in states visited, that making deterministic states may cost over a constraint's life: below a second.</summary>
    private const long MaxDeterminising = 60_000_000;

    /// <summary>Most work, in configurations and trie nodes, of one advance or one mask.</summary>
    private const long MaxStepWork = 20_000_000;

    private int _nfaStates;
    private int _ruleStates;
    private long _determinising;
    private long _stepWork;
    private int _nextId;

    /// <summary>The parameter that errors name.</summary>
    public string Parameter => parameter;

    /// <summary>Bytes of the vocabulary's longest token: no mask looks further ahead.</summary>
    public int LongestToken => longestToken;

    /// <summary>Every rule made.</summary>
    public List<Rule> Rules { get; } = [];

    /// <summary>Work of the current advance or mask so far.</summary>
    public long StepWork => _stepWork;

    /// <summary>What the automata hold in memory, in bytes, about.</summary>
    public long Size => (100L * _nfaStates) + (1000L * _ruleStates);

    public int NextId() => ++_nextId;

    public void CountNfaState() => Count(ref _nfaStates, MaxNfaStates, "its grammar has too many parts");

    public void CountRuleState() => Count(ref _ruleStates, MaxRuleStates, "it can be in too many different states");

    public void SpendDeterminising(int work) => Spend(ref _determinising, work, MaxDeterminising);

    /// <summary>Starts the account of one advance or one mask.</summary>
    public void BeginStep() => _stepWork = 0;

    public void SpendStep(int work) => Spend(ref _stepWork, work, MaxStepWork);

    public ConstraintException Error(string message) => new(parameter, message);

    private void Spend(ref long spent, int work, long most)
    {
        spent += work;
        if (spent > most)
        {
            throw TooLarge("following it takes too much work");
        }
    }

    private void Count(ref int count, int most, string reason)
    {
        if (++count > most)
        {
            throw TooLarge($"{reason} (more than {most})");
        }
    }

    private ConstraintException TooLarge(string reason)
        => Error($"The constraint is too complex: {reason}. Use a smaller schema or pattern, with smaller repeat counts.");
}
