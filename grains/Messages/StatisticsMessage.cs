using HunyuanOrleans.Engine;

namespace HunyuanOrleans.Grains.Messages;

/// <summary>An engine's statistics on the wire; see <see cref="EngineStatistics"/> for each value.</summary>
[GenerateSerializer, Immutable, Alias("hunyuan.statistics")]
public sealed record StatisticsMessage(
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
    long Replays,
    long Evictions,
    long Finished,
    long Cancelled,
    long Failed)
{
    /// <summary>A message of statistics.</summary>
    public static StatisticsMessage Of(in EngineStatistics s) => new(
        s.Waiting, s.Running, s.KvBlocks, s.KvUsed, s.KvCached, s.KvFree, s.Steps, s.PromptTokens, s.CachedPromptTokens, s.AnswerTokens,
        s.Preemptions, s.Replays, s.Evictions, s.Finished, s.Cancelled, s.Failed);

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
    };
}
