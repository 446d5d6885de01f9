namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>What the scheduler has done since it began. Written by its thread; others may read single fields, a little late.</summary>
internal sealed class SchedulerCounters
{
    /// <summary>Steps computed.</summary>
    public long Steps;

    /// <summary>Prompt tokens of sequences that started.</summary>
    public long PromptTokens;

    /// <summary>Of these, tokens found in the prefix cache.</summary>
    public long CachedPromptTokens;

    /// <summary>Tokens of answers.</summary>
    public long AnswerTokens;

    /// <summary>Times a sequence had to give its blocks up.</summary>
    public long Preemptions;

    /// <summary>Times a sequence is computed again because the executor lost its KV.</summary>
    public long Replays;

    /// <summary>Answers that ended, by <see cref="Requests.FinishReason"/>.</summary>
    public readonly long[] Finished = new long[Enum.GetValues<Requests.FinishReason>().Length];
}
