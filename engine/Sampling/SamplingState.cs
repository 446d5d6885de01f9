using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Engine.Sampling;

/// <summary>
/// What sampling one sequence depends on besides the logits: parameters, seed, position and the tokens so far. Everything follows
/// from (parameters, seed, prompt ids, answer ids), so a replay builds an equal state. It does not know requests or blocks.
/// </summary>
public sealed class SamplingState
{
    /// <summary>Counters are reserved for so many answer tokens at once; longer answers let them double.</summary>
    private const int ReservedAnswer = 4096;

    private readonly KeyValuePair<int, float>[] _bias;
    private readonly int[] _banned;

    /// <summary>Builds the state of a sequence that has these tokens.</summary>
    /// <param name="parameters">How to draw; already validated.</param>
    /// <param name="seed">The effective seed, see <see cref="CounterRandom.ForChoice"/>.</param>
    /// <param name="promptIds">The prompt.</param>
    /// <param name="answerIds">The answer so far.</param>
    /// <param name="maxAnswer">Longest answer expected, in tokens; reserves memory.</param>
    public SamplingState(
        SamplingParams parameters,
        ulong seed,
        ReadOnlySpan<int> promptIds,
        ReadOnlySpan<int> answerIds = default,
        int maxAnswer = ReservedAnswer)
    {
        Parameters = parameters;
        Seed = seed;
        _bias = parameters.LogitBias is { Count: > 0 } bias ? [.. bias] : [];
        _banned = parameters.BannedTokens is { Count: > 0 } banned ? [.. banned] : [];
        Position = promptIds.Length;
        if (parameters.HasPenalties)
        {
            Counts = new TokenCounts(promptIds.Length + Math.Clamp(maxAnswer, 0, ReservedAnswer));
            foreach (int id in promptIds)
            {
                Counts.Add(id, inAnswer: false);
            }
        }

        foreach (int id in answerIds)
        {
            Append(id);
        }
    }

    private SamplingState(SamplingSnapshot snapshot)
        : this(snapshot.Parameters, snapshot.Seed, default, maxAnswer: 0)
    {
        if (Counts is null != (snapshot.CountIds is null) || snapshot.CountIds?.Length != snapshot.CountsInAnswer?.Length)
        {
            throw new ModelException(
                $"A sampling snapshot counts {snapshot.CountIds?.Length ?? 0} ids and {snapshot.CountsInAnswer?.Length ?? 0} occurrences; "
                + (Counts is null ? "allowed: none, since no penalty needs them." : "allowed: as many of each, not null, since penalties need them."));
        }

        Counts?.Fill(snapshot.CountIds, snapshot.CountsInAnswer);
        Position = snapshot.Position;
        AllowedTokens = snapshot.Allowed;
    }

    /// <summary>How to draw.</summary>
    public SamplingParams Parameters { get; }

    /// <summary>The effective seed: with <see cref="Position"/> it decides the random draw.</summary>
    public ulong Seed { get; }

    /// <summary>Position in the sequence of the token to draw next.</summary>
    public int Position { get; private set; }

    /// <summary>
    /// The tokens that may be drawn next, bit id % 64 of word id / 64; empty allows all. For constrained decoding: set by the owner
    /// between steps, and must stay unchanged during one.
    /// </summary>
    public ReadOnlyMemory<ulong> AllowedTokens { get; set; }

    /// <summary>Tokens seen, or null where no penalty needs them.</summary>
    internal TokenCounts? Counts { get; }

    internal ReadOnlySpan<KeyValuePair<int, float>> Bias => _bias;

    internal ReadOnlySpan<int> Banned => _banned;

    /// <summary>A state equal to the one captured.</summary>
    /// <param name="snapshot">The capture; its mask is not copied.</param>
    /// <exception cref="ModelException">It does not hold what its parameters need.</exception>
    public static SamplingState Restore(SamplingSnapshot snapshot) => new(snapshot);

    /// <summary>
    /// The state as plain values, later changes of the state not included. Without penalties and mask it takes constant time and allocates
    /// the record only.
    /// </summary>
    public SamplingSnapshot Capture() => new()
    {
        Parameters = Parameters,
        Seed = Seed,
        Position = Position,
        CountIds = Counts?.Ids.ToArray(),
        CountsInAnswer = Counts?.Outputs.ToArray(),
        Allowed = AllowedTokens.IsEmpty ? null : AllowedTokens.ToArray(),
    };

    /// <summary>Notes the token drawn for <see cref="Position"/> and moves to the next.</summary>
    public void Append(int token)
    {
        Counts?.Add(token, inAnswer: true);
        Position++;
    }
}
