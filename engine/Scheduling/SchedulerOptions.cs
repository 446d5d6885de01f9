using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Speculation;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>How the scheduler fills its steps. <see cref="Fit"/> lowers the values to an executor's limits.</summary>
public sealed record SchedulerOptions
{
    /// <summary>
    /// Most sequences that run at once. Default 64, at least 1. Raising it serves more answers in parallel, each of them more slowly;
    /// lowering it makes later requests wait.
    /// </summary>
    public int MaxSequences { get; init; } = 64;

    /// <summary>
    /// Most tokens one step computes. Default 512, at least <see cref="MaxSequences"/>. Raising it speeds up
    /// prompts, but running answers then wait longer for a step with a prompt; lowering it does the opposite.
    /// </summary>
    public int TokenBudget { get; init; } = 512;

    /// <summary>
    /// Most tokens of one prompt computed in one step. Default 512, at least 1. Lowering it lets several prompts share a step; raising it
    /// above <see cref="TokenBudget"/> has no effect.
    /// </summary>
    public int PrefillChunk { get; init; } = 512;

    /// <summary>
    /// Most answers that may wait to start. Default 1024, at least 1. Raising it makes more requests of a burst wait instead of being
    /// refused.
    /// </summary>
    public int QueueLength { get; init; } = 1024;

    /// <summary>
    /// Keeps KV blocks of earlier sequences for later prompts with the same beginning. Default true. If false, every prompt is computed in
    /// full.
    /// </summary>
    public bool PrefixCache { get; init; } = true;

    /// <summary>
    /// Frees cached blocks that no answer has used for this long. Default null: they stay until their room is needed. Must be above zero.
    /// Lowering it frees memory sooner but finds fewer prefixes in the cache. Checked between steps, and about once a second while nothing
    /// runs.
    /// </summary>
    public TimeSpan? PrefixIdleTime { get; init; }

    /// <summary>
    /// Number of steps in flight, at least 1, in which sequences are decoded; further ones compute only prompts. Default null: as many as the executor
    /// estimates to be fastest. An executor that takes fewer steps gets fewer.
    /// </summary>
    public int? DecodeSteps { get; init; }

    /// <summary>
    /// Whether, and how far, tokens are guessed from the text so far and verified together. Default: up to 16 tokens, as far as it pays.
    /// </summary>
    public SpeculationOptions Speculation { get; init; } = new();

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range; the message names it and its range.</exception>
    public void Validate()
    {
        Require(MaxSequences >= 1, nameof(MaxSequences), MaxSequences, "1 or more");
        Require(TokenBudget >= MaxSequences, nameof(TokenBudget), TokenBudget, $"at least {nameof(MaxSequences)} ({MaxSequences}): one for each");
        Require(PrefillChunk >= 1, nameof(PrefillChunk), PrefillChunk, "1 or more");
        Require(QueueLength >= 1, nameof(QueueLength), QueueLength, "1 or more");
        Require(DecodeSteps is null or >= 1, nameof(DecodeSteps), DecodeSteps, "1 or more, or null");
        Require(
            Speculation.MaxTokens is >= 0 and <= SpeculationOptions.Longest, nameof(Speculation), Speculation.MaxTokens, $"0 to {SpeculationOptions.Longest} tokens");
        Require(
            Speculation.MtpTokens is >= 0 and <= SpeculationOptions.LongestMtp,
            nameof(Speculation.MtpTokens),
            Speculation.MtpTokens,
            $"0 to {SpeculationOptions.LongestMtp}");
        Require(PrefixIdleTime is null || PrefixIdleTime > TimeSpan.Zero, nameof(PrefixIdleTime), PrefixIdleTime, "above 0, or null");
    }

    /// <summary>Returns these options with the values lowered to an executor's limits.</summary>
    public SchedulerOptions Fit(ExecutorLimits limits) => this with
    {
        TokenBudget = Math.Min(TokenBudget, limits.MaxBatchTokens),
        MaxSequences = Math.Min(MaxSequences, Math.Min(limits.MaxBatchSequences, limits.MaxBatchTokens)),
        Speculation = limits.HasMtp ? Speculation : Speculation with { MtpTokens = 0 },
    };

    private static void Require(bool holds, string name, object? value, string allowed)
    {
        if (!holds)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; allowed: {allowed}.");
        }
    }
}
