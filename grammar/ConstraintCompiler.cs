using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Masks;
using HunyuanOrleans.Grammar.Schemas;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Grammar;

/// <summary>
/// Compiles constraints for one vocabulary and remembers those used last, so that a schema sent with every request is compiled once.
/// Any thread. It does not know requests.
/// </summary>
public sealed class ConstraintCompiler
{
    /// <summary>Most constraints remembered.</summary>
    private const int MaxRemembered = 256;

    /// <summary>Most bytes that those remembered may hold, about; the one used last stays in any case.</summary>
    private const long MaxBytes = 512L << 20;

    /// <summary>Nodes of the token tree that finding masks ahead of their use may visit: some tens of milliseconds.</summary>
    private const long PrepareWork = 6_000_000;

    private readonly TokenVocabulary _vocabulary;
    private readonly TokenTrie _trie;
    private readonly int[] _endIds;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<(string Key, Lazy<Constraint> Constraint)>> _known = [];
    private readonly LinkedList<(string Key, Lazy<Constraint> Constraint)> _order = new();

    /// <summary>Reads a vocabulary; a hundred thousand tokens take a fraction of a second.</summary>
    /// <param name="text">The tokens' visible bytes.</param>
    /// <param name="vocabularySize">Number of token ids.</param>
    /// <param name="endIds">The end-of-text ids, allowed where an answer is complete.</param>
    public ConstraintCompiler(ITokenText text, int vocabularySize, IReadOnlyList<int> endIds)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabularySize);
        foreach (int id in endIds)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(id, nameof(endIds));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id, vocabularySize, nameof(endIds));
        }

        _endIds = [.. endIds];
        _vocabulary = new TokenVocabulary(text, vocabularySize);
        _trie = new TokenTrie(_vocabulary);
    }

    /// <summary>Compiles a constraint, or finds it among those compiled before.</summary>
    /// <param name="spec">What is asked for.</param>
    /// <param name="parameter">The request's parameter that asks for it, for errors.</param>
    /// <exception cref="ConstraintException">It is malformed, too complex, uses something unsupported, or nothing can satisfy it.</exception>
    public Constraint Compile(ConstraintSpec spec, string parameter = "response_format")
    {
        string key = KeyOf(spec, parameter);
        Lazy<Constraint> constraint;
        lock (_gate)
        {
            if (_known.TryGetValue(key, out LinkedListNode<(string Key, Lazy<Constraint> Constraint)>? node))
            {
                _order.Remove(node);
                _order.AddLast(node);
                constraint = node.Value.Constraint;
            }
            else
            {
                constraint = new Lazy<Constraint>(() => Make(spec, parameter));
                _known.Add(key, _order.AddLast((key, constraint)));
                ForgetOldest();
            }
        }

        return constraint.Value;
    }

    /// <summary>A constraint compiled before; null where that is yet to be done, or is being done.</summary>
    /// <param name="spec">What is asked for.</param>
    /// <param name="parameter">The parameter it was compiled for.</param>
    public Constraint? Find(ConstraintSpec spec, string parameter = "response_format")
    {
        lock (_gate)
        {
            return _known.TryGetValue(KeyOf(spec, parameter), out LinkedListNode<(string Key, Lazy<Constraint> Constraint)>? node)
                && node.Value.Constraint.IsValueCreated ? Compile(spec, parameter) : null;
        }
    }

    private static string KeyOf(ConstraintSpec spec, string parameter) => $"{parameter}:{spec.Text}";

    /// <summary>Constraints in use grow, so what all hold is looked at anew whenever one comes.</summary>
    private void ForgetOldest()
    {
        long bytes = _order.Sum(static item => item.Constraint.IsValueCreated ? item.Constraint.Value.Size : 0);
        while (_order.Count > 1 && (_order.Count > MaxRemembered || bytes > MaxBytes))
        {
            (string key, Lazy<Constraint> oldest) = _order.First!.Value;
            bytes -= oldest.IsValueCreated ? oldest.Value.Size : 0;
            _known.Remove(key);
            _order.RemoveFirst();
        }
    }

    private Constraint Make(ConstraintSpec spec, string parameter)
    {
        AutomatonScope scope = new(parameter, _trie.LongestToken);
        NfaRule top = new(scope, "The constraint");
        spec.Read(scope, new JsonGrammar(scope)).Fill(top);
        RuleCheck.Run(scope);
        if (!top.Productive)
        {
            throw scope.Error("Nothing can satisfy the constraint: what it asks for contradicts itself or has no end.");
        }

        Constraint constraint = new(spec, scope, top, _vocabulary, _trie, _endIds);
        constraint.Prepare(PrepareWork);
        return constraint;
    }
}
