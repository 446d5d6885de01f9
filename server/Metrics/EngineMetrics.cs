using System.Diagnostics.Metrics;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine;
using HunyuanOrleans.Server.Hosting;

namespace HunyuanOrleans.Server.Metrics;

/// <summary>
/// Instruments for the engine's queue, KV pool and counters. They report the statistics that <see cref="RefreshAsync"/> read last, because
/// observable instruments are read synchronously and the model may run on other machines.
/// </summary>
internal sealed class EngineMetrics
{
    private readonly ModelSlot _slot;
    private volatile Snapshot? _last;

    /// <summary>Creates the instruments.</summary>
    public EngineMetrics(ServerMetrics server, ModelSlot slot)
    {
        _slot = slot;
        Meter meter = server.Meter;
        Gauge(meter, "hunyuan.engine.waiting", "{answer}", "Answers that wait to start.", s => s.Waiting);
        Gauge(meter, "hunyuan.engine.running", "{answer}", "Answers in progress: the size of a decode batch.", s => s.Running);
        meter.CreateObservableGauge("hunyuan.kv.blocks", Blocks, "{block}", "Blocks of the KV pool by state.");
        Counter(meter, "hunyuan.engine.steps", "{step}", "Steps computed.", s => s.Steps);
        Counter(meter, "hunyuan.engine.prompt_tokens", "{token}", "Prompt tokens of answers that started.", s => s.PromptTokens);
        Counter(meter, "hunyuan.engine.cached_prompt_tokens", "{token}", "Prompt tokens found in the prefix cache.", s => s.CachedPromptTokens);
        Counter(meter, "hunyuan.engine.answer_tokens", "{token}", "Tokens of answers.", s => s.AnswerTokens);
        Counter(meter, "hunyuan.engine.drafted_tokens", "{token}", "Tokens guessed ahead of answers and verified.", s => s.DraftedTokens);
        Counter(meter, "hunyuan.engine.accepted_draft_tokens", "{token}", "Guessed tokens that were right.", s => s.AcceptedDraftTokens);
        Counter(meter, "hunyuan.engine.mtp_drafted_tokens", "{token}", "Those of the guessed tokens that the model's MTP layer guessed.", s => s.MtpDraftedTokens);
        Counter(meter, "hunyuan.engine.accepted_mtp_tokens", "{token}", "Those of the right guesses that the model's MTP layer made.", s => s.AcceptedMtpTokens);
        Counter(meter, "hunyuan.engine.preemptions", "{preemption}", "Times an answer gave its blocks up, to be replayed.", s => s.Preemptions);
        Counter(meter, "hunyuan.engine.replays", "{replay}", "Times an answer was computed again because keys and values were lost.", s => s.Replays);
        Counter(meter, "hunyuan.kv.evictions", "{block}", "Cached blocks dropped for room.", s => s.Evictions);
        meter.CreateObservableCounter("hunyuan.engine.answers", Answers, "{answer}", "Answers that ended, by how.");
        meter.CreateObservableGauge("hunyuan.server.ready", () => slot.IsReady ? 1 : 0, null, "1 while the model can answer.");
        meter.CreateObservableGauge("hunyuan.load.left", () => slot.Readiness?.BytesLeft ?? 0, "By", "Bytes of weights that are still to be loaded.");
        meter.CreateObservableGauge("hunyuan.load.total", () => slot.Readiness?.TotalBytes ?? 0, "By", "Bytes of weights that were missing when loading began.");
        meter.CreateObservableGauge("hunyuan.load.time_left", ReadTimeLeft, "s", "Time that loading them takes at the speed so far.");
    }

    /// <summary>The statistics that were read last; null before the first time.</summary>
    public EngineStatistics? Last => _last?.Value;

    /// <summary>Reads the engine's statistics. If the engine does not answer, the previous values stay.</summary>
    public async ValueTask RefreshAsync(CancellationToken cancellationToken)
    {
        if (_slot.Model is not ServedModel model)
        {
            return;
        }

        try
        {
            _last = new Snapshot(await model.Generator.GetStatisticsAsync(cancellationToken));
        }
        catch (Exception e) when (e is TimeoutException or ObjectDisposedException || UserErrors.IsForUsers(e))
        {
            // The cluster cannot be reached at the moment. The next refresh tries again.
        }
    }

    private IEnumerable<Measurement<double>> ReadTimeLeft() =>
        _slot.Readiness is { BytesLeft: > 0, TimeLeft: null } ? [] : [new Measurement<double>(_slot.Readiness?.TimeLeft?.TotalSeconds ?? 0)];

    private IEnumerable<Measurement<int>> Blocks() => _last is not { Value: EngineStatistics s } ? [] :
    [
        new(s.KvUsed, new KeyValuePair<string, object?>("state", "used")),
        new(s.KvCached, new KeyValuePair<string, object?>("state", "cached")),
        new(s.KvFree, new KeyValuePair<string, object?>("state", "free")),
    ];

    private IEnumerable<Measurement<long>> Answers() => _last is not { Value: EngineStatistics s } ? [] :
    [
        new(s.Finished, new KeyValuePair<string, object?>("outcome", "finished")),
        new(s.Cancelled, new KeyValuePair<string, object?>("outcome", "cancelled")),
        new(s.Failed, new KeyValuePair<string, object?>("outcome", "failed")),
    ];

    private void Gauge(Meter meter, string name, string unit, string description, Func<EngineStatistics, int> read) =>
        meter.CreateObservableGauge(name, () => Read(read), unit, description);

    private void Counter(Meter meter, string name, string unit, string description, Func<EngineStatistics, long> read) =>
        meter.CreateObservableCounter(name, () => Read(read), unit, description);

    private IEnumerable<Measurement<T>> Read<T>(Func<EngineStatistics, T> read)
        where T : struct => _last is { Value: EngineStatistics statistics } ? [new Measurement<T>(read(statistics))] : [];

    private sealed record Snapshot(EngineStatistics Value);
}
