using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Masks;
using HunyuanOrleans.Grammar.Schemas;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Grammar;

/// <summary>
/// Compiles constraints for one vocabulary and caches the most recently used ones, so that a schema sent with every request is
/// compiled once. Thread-safe.
/// </summary>
public sealed class ConstraintCompiler
{
    /// <summary>Maximum number of cached constraints.</summary>
    private const int MaxCached = 256;

    /// <summary>Maximum estimated size of the cache in bytes. The most recently used constraint is kept even if it is larger.</summary>
    private const long MaxCachedBytes = 512L << 20;

    /// <summary>Token trie nodes and edges of automata that computing masks in advance may visit for one constraint: some tens of milliseconds.</summary>
    private const long PrecomputeWork = 6_000_000;

    private readonly TokenVocabulary _vocabulary;
    private readonly TokenTrie _trie;
    private readonly int[] _endIds;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<(string Key, Lazy<Constraint> Constraint)>> _cache = [];
    private readonly LinkedList<(string Key, Lazy<Constraint> Constraint)> _order = new();

    /// <summary>Builds the token trie of a vocabulary; a hundred thousand tokens take a fraction of a second.</summary>
    /// <param name="text">The visible bytes of every token.</param>
    /// <param name="vocabularySize">Number of token ids.</param>
    /// <param name="endIds">The end-of-text ids, which are allowed when an answer is complete.</param>
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

    /// <summary>Compiles a constraint, or returns it from the cache.</summary>
    /// <param name="spec">The specification.</param>
    /// <param name="parameter">Name of the request parameter that the specification comes from; errors name it.</param>
    /// <exception cref="ConstraintException">
    /// The specification is malformed, too complex, unsupported or impossible to satisfy.
    /// </exception>
    public Constraint Compile(ConstraintSpec spec, string parameter = "response_format")
    {
        string key = KeyOf(spec, parameter);
        Lazy<Constraint> constraint;
        lock (_gate)
        {
            if (_cache.TryGetValue(key, out LinkedListNode<(string Key, Lazy<Constraint> Constraint)>? node))
            {
                _order.Remove(node);
                _order.AddLast(node);
                constraint = node.Value.Constraint;
            }
            else
            {
                constraint = new Lazy<Constraint>(() => CompileCore(spec, parameter));
                _cache.Add(key, _order.AddLast((key, constraint)));
                EvictOldest();
            }
        }

        return constraint.Value;
    }

    /// <summary>Returns a constraint from the cache, or null if it has not been compiled or is being compiled now.</summary>
    /// <param name="spec">The specification.</param>
    /// <param name="parameter">Name of the request parameter that it was compiled for.</param>
    public Constraint? Find(ConstraintSpec spec, string parameter = "response_format")
    {
        lock (_gate)
        {
            return _cache.TryGetValue(KeyOf(spec, parameter), out LinkedListNode<(string Key, Lazy<Constraint> Constraint)>? node)
                && node.Value.Constraint.IsValueCreated ? Compile(spec, parameter) : null;
        }
    }

    private static string KeyOf(ConstraintSpec spec, string parameter) => $"{parameter}:{spec.Text}";

    /// <summary>Evicts the least recently used constraints. Their sizes are summed each time, because constraints grow while in use.</summary>
    private void EvictOldest()
    {
        long bytes = _order.Sum(static item => item.Constraint.IsValueCreated ? item.Constraint.Value.EstimatedBytes : 0);
        while (_order.Count > 1 && (_order.Count > MaxCached || bytes > MaxCachedBytes))
        {
            (string key, Lazy<Constraint> oldest) = _order.First!.Value;
            bytes -= oldest.IsValueCreated ? oldest.Value.EstimatedBytes : 0;
            _cache.Remove(key);
            _order.RemoveFirst();
        }
    }

    private Constraint CompileCore(ConstraintSpec spec, string parameter)
    {
        GrammarContext context = new(parameter, _trie.MaxTokenLength);
        NfaRule top = new(context, "The constraint");
        top.SetBody(spec.ToGrammar(context, new JsonGrammar(context, NumberLimits.Float64)));
        RuleAnalyzer.Run(context);
        if (!top.Productive)
        {
            throw context.Error("Nothing can satisfy the constraint: what it asks for contradicts itself or has no end.");
        }

        Constraint constraint = new(spec, context, top, _vocabulary, _trie, _endIds);
        constraint.PrecomputeMasks(PrecomputeWork);
        return constraint;
    }
}
