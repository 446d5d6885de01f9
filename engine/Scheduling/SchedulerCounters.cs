using HunyuanOrleans.Contracts.Requests;
namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>
/// Counts of what the scheduler has done since it was created. Only its thread writes them; other threads may read single fields and see
/// them a little late.
/// </summary>
internal sealed class SchedulerCounters
{
    /// <summary>Steps computed.</summary>
    public long Steps;

    /// <summary>Prompt tokens of sequences that started.</summary>
    public long PromptTokens;

    /// <summary>Prompt tokens found in the prefix cache.</summary>
    public long CachedPromptTokens;

    /// <summary>Tokens generated.</summary>
    public long AnswerTokens;

    /// <summary>Tokens that were guessed and verified.</summary>
    public long DraftedTokens;

    /// <summary>Guessed tokens that became tokens of answers, or would have if the answers had not ended before them.</summary>
    public long AcceptedDraftTokens;

    /// <summary>Those of <see cref="DraftedTokens"/> that the model's MTP layer guessed.</summary>
    public long MtpDraftedTokens;

    /// <summary>Those of <see cref="AcceptedDraftTokens"/> that the model's MTP layer guessed.</summary>
    public long AcceptedMtpTokens;

    /// <summary>Times a sequence lost its blocks to an older one.</summary>
    public long Preemptions;

    /// <summary>Times a sequence had to be recomputed because the executor lost its keys and values.</summary>
    public long Replays;

    /// <summary>Finished answers by <see cref="FinishReason"/>.</summary>
    public readonly long[] Finished = new long[Enum.GetValues<FinishReason>().Length];
}
