namespace HunyuanOrleans.Engine;

/// <summary>What the engine is doing and has done, at about one moment.</summary>
/// <param name="Waiting">Answers that have not started.</param>
/// <param name="Running">Answers in progress.</param>
/// <param name="KvBlocks">KV blocks in all.</param>
/// <param name="KvUsed">Blocks that running answers hold.</param>
/// <param name="KvCached">Blocks kept for later prompts only.</param>
/// <param name="KvFree">Blocks that hold nothing.</param>
/// <param name="Steps">Steps computed.</param>
/// <param name="PromptTokens">Prompt tokens of answers that started.</param>
/// <param name="CachedPromptTokens">Of these, tokens found in the prefix cache.</param>
/// <param name="AnswerTokens">Tokens of answers.</param>
/// <param name="Preemptions">Times an answer had to give its blocks up and be replayed.</param>
/// <param name="Evictions">Cached blocks dropped for room.</param>
/// <param name="Finished">Answers that ended by a stop or by length.</param>
/// <param name="Cancelled">Answers that were cancelled.</param>
/// <param name="Failed">Answers that ended with an error.</param>
/// <param name="Replays">Times an answer is computed again because the executor lost its keys and values.</param>
public readonly record struct EngineStatistics(
    int Waiting,
    int Running,
    int KvBlocks,
    int KvUsed,
    int KvCached,
    int KvFree,
    long Steps,
    long PromptTokens,
    long CachedPromptTokens,
    long AnswerTokens,
    long Preemptions,
    long Evictions,
    long Finished,
    long Cancelled,
    long Failed,
    long Replays);
