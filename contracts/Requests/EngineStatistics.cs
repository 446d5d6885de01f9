namespace HunyuanOrleans.Contracts.Requests;

/// <summary>
/// The state of an engine and its counts since it started. The values are read one by one, so they may be a little apart.
/// </summary>
public readonly record struct EngineStatistics
{
    /// <summary>Answers that have not started.</summary>
    public int Waiting { get; init; }

    /// <summary>Answers in progress.</summary>
    public int Running { get; init; }

    /// <summary>Number of KV blocks.</summary>
    public int KvBlocks { get; init; }

    /// <summary>Token positions of one KV block.</summary>
    public int KvBlockPositions { get; init; }

    /// <summary>KV blocks of running answers.</summary>
    public int KvUsed { get; init; }

    /// <summary>KV blocks kept only for later prompts.</summary>
    public int KvCached { get; init; }

    /// <summary>KV blocks without content.</summary>
    public int KvFree { get; init; }

    /// <summary>Steps computed.</summary>
    public long Steps { get; init; }

    /// <summary>Prompt tokens of answers that started.</summary>
    public long PromptTokens { get; init; }

    /// <summary>Prompt tokens found in the prefix cache.</summary>
    public long CachedPromptTokens { get; init; }

    /// <summary>Tokens generated.</summary>
    public long AnswerTokens { get; init; }

    /// <summary>Tokens that were guessed ahead of answers and verified.</summary>
    public long DraftedTokens { get; init; }

    /// <summary>Guessed tokens that were right.</summary>
    public long AcceptedDraftTokens { get; init; }

    /// <summary>Those of <see cref="DraftedTokens"/> that the model's own layer for multi-token prediction guessed. 0 on a cluster.</summary>
    public long MtpDraftedTokens { get; init; }

    /// <summary>Those of <see cref="AcceptedDraftTokens"/> that the model's own layer for multi-token prediction guessed. 0 on a cluster.</summary>
    public long AcceptedMtpTokens { get; init; }

    /// <summary>Times an answer lost its blocks to an older one and had to be recomputed.</summary>
    public long Preemptions { get; init; }

    /// <summary>Times an answer had to be recomputed because the executor lost its keys and values.</summary>
    public long Replays { get; init; }

    /// <summary>Cached blocks evicted to make room.</summary>
    public long Evictions { get; init; }

    /// <summary>Answers that ended by a stop condition or by length.</summary>
    public long Finished { get; init; }

    /// <summary>Those of <see cref="Finished"/> that ended by length.</summary>
    public long FinishedByLength { get; init; }

    /// <summary>Answers that were cancelled.</summary>
    public long Cancelled { get; init; }

    /// <summary>Answers that ended with an error.</summary>
    public long Failed { get; init; }
}
