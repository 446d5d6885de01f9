using HunyuanOrleans.Engine.Execution;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>
/// How the scheduler fills its steps. An executor that holds less than asked for lowers the values, see <see cref="Fit"/>.
/// </summary>
public sealed record SchedulerOptions
{
    /// <summary>
    /// Most sequences that run at once. Default 64. Raising it serves more answers in parallel and each of them slower; lowering it
    /// makes later requests wait.
    /// </summary>
    public int MaxSequences { get; init; } = 64;

    /// <summary>
    /// Most tokens one step computes. Default 512, at least <see cref="MaxSequences"/>. Raising it speeds prompts up and lets running
    /// answers pause longer while a prompt is computed; lowering it does the opposite.
    /// </summary>
    public int TokenBudget { get; init; } = 512;

    /// <summary>
    /// Most tokens of one prompt computed in one step. Default 512. Lowering it lets several prompts share a step; raising it above the
    /// token budget has no effect.
    /// </summary>
    public int PrefillChunk { get; init; } = 512;

    /// <summary>
    /// Most answers that may wait to start. Default 1024. Raising it makes bursts wait instead of being refused.
    /// </summary>
    public int QueueLength { get; init; } = 1024;

    /// <summary>
    /// Keeps the KV blocks of finished text to be found again by later prompts with the same beginning. Default true. Turned off, every
    /// prompt is computed whole.
    /// </summary>
    public bool PrefixCache { get; init; } = true;

    /// <summary>
    /// Cached blocks that no answer has used for so long become free. Default null: they stay until room is needed. Lowering it gives
    /// memory back sooner and finds fewer prefixes again. Checked between steps, and about once a second while nothing runs.
    /// </summary>
    public TimeSpan? PrefixIdleTime { get; init; }

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is out of range; the message names it and its range.</exception>
    public void Validate()
    {
        Require(MaxSequences >= 1, nameof(MaxSequences), MaxSequences, "1 or more");
        Require(TokenBudget >= MaxSequences, nameof(TokenBudget), TokenBudget, $"at least {nameof(MaxSequences)} ({MaxSequences}): one for each");
        Require(PrefillChunk >= 1, nameof(PrefillChunk), PrefillChunk, "1 or more");
        Require(QueueLength >= 1, nameof(QueueLength), QueueLength, "1 or more");
        Require(PrefixIdleTime is null || PrefixIdleTime > TimeSpan.Zero, nameof(PrefixIdleTime), PrefixIdleTime, "above 0, or null");
    }

    /// <summary>These options with every value lowered to what an executor takes.</summary>
    public SchedulerOptions Fit(ExecutorLimits limits) => this with
    {
        TokenBudget = Math.Min(TokenBudget, limits.MaxBatchTokens),
        MaxSequences = Math.Min(MaxSequences, Math.Min(limits.MaxBatchSequences, limits.MaxBatchTokens)),
    };

    private static void Require(bool holds, string name, object? value, string allowed)
    {
        if (!holds)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; allowed: {allowed}.");
        }
    }
}
