using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Contracts.Messages;

/// <summary>An engine's statistics on the wire. <see cref="EngineStatistics"/> documents each value.</summary>
[GenerateSerializer, Immutable, Alias("hunyuan.statistics")]
public sealed record StatisticsMessage
{
    /// <inheritdoc cref="EngineStatistics.Waiting"/>
    [Id(0)]
    public int Waiting { get; init; }

    /// <inheritdoc cref="EngineStatistics.Running"/>
    [Id(1)]
    public int Running { get; init; }

    /// <inheritdoc cref="EngineStatistics.KvBlocks"/>
    [Id(2)]
    public int KvBlocks { get; init; }

    /// <inheritdoc cref="EngineStatistics.KvUsed"/>
    [Id(3)]
    public int KvUsed { get; init; }

    /// <inheritdoc cref="EngineStatistics.KvCached"/>
    [Id(4)]
    public int KvCached { get; init; }

    /// <inheritdoc cref="EngineStatistics.KvFree"/>
    [Id(5)]
    public int KvFree { get; init; }

    /// <inheritdoc cref="EngineStatistics.Steps"/>
    [Id(6)]
    public long Steps { get; init; }

    /// <inheritdoc cref="EngineStatistics.PromptTokens"/>
    [Id(7)]
    public long PromptTokens { get; init; }

    /// <inheritdoc cref="EngineStatistics.CachedPromptTokens"/>
    [Id(8)]
    public long CachedPromptTokens { get; init; }

    /// <inheritdoc cref="EngineStatistics.AnswerTokens"/>
    [Id(9)]
    public long AnswerTokens { get; init; }

    /// <inheritdoc cref="EngineStatistics.Preemptions"/>
    [Id(10)]
    public long Preemptions { get; init; }

    /// <inheritdoc cref="EngineStatistics.Replays"/>
    [Id(11)]
    public long Replays { get; init; }

    /// <inheritdoc cref="EngineStatistics.Evictions"/>
    [Id(12)]
    public long Evictions { get; init; }

    /// <inheritdoc cref="EngineStatistics.Finished"/>
    [Id(13)]
    public long Finished { get; init; }

    /// <inheritdoc cref="EngineStatistics.Cancelled"/>
    [Id(14)]
    public long Cancelled { get; init; }

    /// <inheritdoc cref="EngineStatistics.Failed"/>
    [Id(15)]
    public long Failed { get; init; }

    /// <inheritdoc cref="EngineStatistics.FinishedByLength"/>
    [Id(16)]
    public long FinishedByLength { get; init; }

    /// <inheritdoc cref="EngineStatistics.KvBlockPositions"/>
    [Id(17)]
    public int KvBlockPositions { get; init; }

    /// <inheritdoc cref="EngineStatistics.DraftedTokens"/>
    [Id(18)]
    public long DraftedTokens { get; init; }

    /// <inheritdoc cref="EngineStatistics.AcceptedDraftTokens"/>
    [Id(19)]
    public long AcceptedDraftTokens { get; init; }

    /// <summary>Creates the message of statistics.</summary>
    public static StatisticsMessage Of(in EngineStatistics s) => new()
    {
        Waiting = s.Waiting,
        Running = s.Running,
        KvBlocks = s.KvBlocks,
        KvUsed = s.KvUsed,
        KvCached = s.KvCached,
        KvFree = s.KvFree,
        Steps = s.Steps,
        PromptTokens = s.PromptTokens,
        CachedPromptTokens = s.CachedPromptTokens,
        AnswerTokens = s.AnswerTokens,
        Preemptions = s.Preemptions,
        Replays = s.Replays,
        Evictions = s.Evictions,
        Finished = s.Finished,
        Cancelled = s.Cancelled,
        Failed = s.Failed,
        FinishedByLength = s.FinishedByLength,
        KvBlockPositions = s.KvBlockPositions,
        DraftedTokens = s.DraftedTokens,
        AcceptedDraftTokens = s.AcceptedDraftTokens,
    };

    /// <summary>The statistics.</summary>
    public EngineStatistics ToStatistics() => new()
    {
        Waiting = Waiting,
        Running = Running,
        KvBlocks = KvBlocks,
        KvUsed = KvUsed,
        KvCached = KvCached,
        KvFree = KvFree,
        Steps = Steps,
        PromptTokens = PromptTokens,
        CachedPromptTokens = CachedPromptTokens,
        AnswerTokens = AnswerTokens,
        Preemptions = Preemptions,
        Replays = Replays,
        Evictions = Evictions,
        Finished = Finished,
        Cancelled = Cancelled,
        Failed = Failed,
        FinishedByLength = FinishedByLength,
        KvBlockPositions = KvBlockPositions,
        DraftedTokens = DraftedTokens,
        AcceptedDraftTokens = AcceptedDraftTokens,
    };
}
