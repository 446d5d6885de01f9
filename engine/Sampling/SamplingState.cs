using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Engine.Sampling;

/// <summary>
/// Everything besides the logits that sampling one sequence depends on: parameters, seed, position and tokens so far. It follows from
/// parameters, seed, prompt ids and answer ids alone, so it can be rebuilt elsewhere.
/// </summary>
public sealed class SamplingState
{
    /// <summary>Most answer tokens for which counters are reserved at the start; longer answers double them.</summary>
    private const int MaxReservedTokens = 4096;

    private readonly KeyValuePair<int, float>[] _bias;
    private readonly int[] _banned;

    /// <summary>Creates the state of a sequence with the given tokens.</summary>
    /// <param name="parameters">Sampling parameters, already validated.</param>
    /// <param name="seed">The effective seed, see <see cref="CounterRandom.ForChoice"/>.</param>
    /// <param name="promptIds">The prompt.</param>
    /// <param name="answerIds">The answer so far.</param>
    /// <param name="maxAnswer">Longest expected answer, in tokens; memory is reserved for it.</param>
    public SamplingState(
        SamplingParams parameters,
        ulong seed,
        ReadOnlySpan<int> promptIds,
        ReadOnlySpan<int> answerIds = default,
        int maxAnswer = MaxReservedTokens)
    {
        Parameters = parameters;
        Seed = seed;
        _bias = parameters.LogitBias is { Count: > 0 } bias ? [.. bias] : [];
        _banned = parameters.BannedTokens is { Count: > 0 } banned ? [.. banned] : [];
        Position = promptIds.Length;
        if (parameters.HasPenalties)
        {
            Counts = new TokenCounts(promptIds.Length + Math.Clamp(maxAnswer, 0, MaxReservedTokens));
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
        ForbiddenTokens = snapshot.Forbidden;
    }

    /// <summary>The sampling parameters.</summary>
    public SamplingParams Parameters { get; }

    /// <summary>The effective seed; with <see cref="Position"/> it determines the random draw.</summary>
    public ulong Seed { get; }

    /// <summary>Position in the sequence of the token to draw next.</summary>
    public int Position { get; private set; }

    /// <summary>
    /// The tokens that may be drawn next, for constrained decoding: bit id % 64 of word id / 64; empty allows all. The owner sets it
    /// between steps and must not change it during a step.
    /// </summary>
    public ReadOnlyMemory<ulong> AllowedTokens { get; set; }

    /// <summary>
    /// Token ids that must not be drawn next, in addition to <see cref="SamplingParams.BannedTokens"/>. The owner sets them between steps and must not
    /// change them during a step.
    /// </summary>
    public ReadOnlyMemory<int> ForbiddenTokens { get; set; }

    /// <summary><see cref="AllowedTokens"/> and <see cref="ForbiddenTokens"/> as one value.</summary>
    public TokenRestriction Restriction
    {
        get => new(AllowedTokens, ForbiddenTokens);
        set => (AllowedTokens, ForbiddenTokens) = (value.Allowed, value.Forbidden);
    }

    /// <summary>Number of distinct tokens that are counted; 0 if no penalty needs them.</summary>
    internal int DistinctTokens => Counts?.Count ?? 0;

    /// <summary>Counts of the tokens so far; null if no penalty needs them.</summary>
    internal TokenCounts? Counts { get; }

    internal ReadOnlySpan<KeyValuePair<int, float>> Bias => _bias;

    internal ReadOnlySpan<int> Banned => _banned;

    /// <summary>Restores a state that is equal to the captured one.</summary>
    /// <param name="snapshot">The snapshot; its mask is not copied.</param>
    /// <exception cref="ModelException">The snapshot lacks counts that its parameters need, or has counts that they do not
    /// need.</exception>
    public static SamplingState Restore(SamplingSnapshot snapshot) => new(snapshot);

    /// <summary>
    /// Captures the state as plain values that later changes of the state do not affect. Without penalties and mask it takes constant time
    /// and allocates only the record.
    /// </summary>
    public SamplingSnapshot Capture() => new()
    {
        Parameters = Parameters,
        Seed = Seed,
        Position = Position,
        CountIds = Counts?.Ids.ToArray(),
        CountsInAnswer = Counts?.AnswerCounts.ToArray(),
        Allowed = AllowedTokens.IsEmpty ? null : AllowedTokens.ToArray(),
        Forbidden = ForbiddenTokens.IsEmpty ? null : ForbiddenTokens.ToArray(),
    };

    /// <summary>Records the token drawn for <see cref="Position"/> and advances the position.</summary>
    public void Append(int token)
    {
        Counts?.Add(token, inAnswer: true);
        Position++;
    }

    /// <summary>Takes the last tokens back, so that the state is as it was before they were appended.</summary>
    /// <param name="tokens">The tokens, in the order in which they were appended.</param>
    /// <param name="distinct"><see cref="DistinctTokens"/> before.</param>
    internal void Rewind(ReadOnlySpan<int> tokens, int distinct)
    {
        Counts?.Rewind(tokens, distinct);
        Position -= tokens.Length;
    }
}
