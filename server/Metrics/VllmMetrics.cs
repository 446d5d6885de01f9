using System.Diagnostics.Metrics;
using System.Globalization;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Hosting;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Metrics;

/// <summary>
/// The metrics that vLLM reports, with its names, labels and buckets, if <see cref="ServerOptions.VllmMetrics"/> is set. They have a meter of their own
/// because OpenTelemetry allows no colons in names.
/// </summary>
internal sealed class VllmMetrics
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "HunyuanOrleans.Server.Vllm";

    private const string ModelLabel = "model_name";

    private static readonly double[] FirstTokenBounds =
        [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560];

    private static readonly double[] TokenGapBounds = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80];

    private static readonly double[] RequestBounds =
        [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680];

    private readonly EngineMetrics _engine;
    private readonly ModelSlot _slot;
    private readonly TimeProvider _time;
    private readonly Histogram<double>? _firstToken, _tokenGap, _total, _queued, _prefill, _decode;

    /// <summary>Creates the instruments, if the option is set.</summary>
    public VllmMetrics(IMeterFactory factory, IOptions<ServerOptions> options, EngineMetrics engine, ModelSlot slot, TimeProvider time)
    {
        _engine = engine;
        _slot = slot;
        _time = time;
        if (!options.Value.VllmMetrics)
        {
            return;
        }

        Meter meter = factory.Create(MeterName);
        CreateGauges(meter);
        CreateCounters(meter);
        _firstToken = Seconds(meter, "vllm:time_to_first_token_seconds", "Time from an answer's submission to its first token.", FirstTokenBounds);
        _tokenGap = Seconds(meter, "vllm:inter_token_latency_seconds", "Time between two tokens of an answer.", TokenGapBounds);
        _total = Seconds(meter, "vllm:e2e_request_latency_seconds", "Time from an answer's submission to its end.", RequestBounds);
        _queued = Seconds(meter, "vllm:request_queue_time_seconds", "Time that an answer waited before it started.", RequestBounds);
        _prefill = Seconds(meter, "vllm:request_prefill_time_seconds", "Time from an answer's start to its first token.", RequestBounds);
        _decode = Seconds(meter, "vllm:request_decode_time_seconds", "Time from an answer's first token to its end.", RequestBounds);
    }

    /// <summary>Wraps a choice so that its times are recorded while it is read; returns the choice itself if the option is not set.</summary>
    public IChoice Measure(IChoice choice) => _total is null ? choice : new MeasuredChoice(choice, this, _time);

    /// <summary>Records tokens that arrived some time after the tokens before them.</summary>
    public void RecordTokens(TimeSpan gap, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Record(_tokenGap, gap / count);
        }
    }

    /// <summary>Records the times of an answer that ended by a stop condition or by length.</summary>
    public void RecordAnswer(in RequestTimings timings)
    {
        Record(_total, timings.Total);
        Record(_queued, timings.Queued);
        if (timings.FirstToken is TimeSpan first)
        {
            Record(_firstToken, first);
            Record(_prefill, first - timings.Queued);
            Record(_decode, timings.Total - first);
        }
    }

    private void CreateGauges(Meter meter)
    {
        Gauge<int>(meter, "vllm:num_requests_running", "Answers in progress.", s => s.Running);
        Gauge<int>(meter, "vllm:num_requests_waiting", "Answers that wait to start.", s => s.Waiting);
        Gauge<double>(meter, "vllm:kv_cache_usage_perc", "Used part of the KV cache; 1 is all of it.", s => s.KvBlocks == 0 ? 0 : (double)s.KvUsed / s.KvBlocks);
        meter.CreateObservableGauge(
            "vllm:cache_config_info",
            () => Read(static _ => 1, static s =>
            [
                new("block_size", s.KvBlockPositions.ToString(CultureInfo.InvariantCulture)),
                new("num_gpu_blocks", s.KvBlocks.ToString(CultureInfo.InvariantCulture)),
            ]),
            null,
            "The size of the KV cache.");
        meter.CreateObservableGauge(
            "vllm:lora_requests_info",
            () => Read(
                _ => _time.GetUtcNow().ToUnixTimeSeconds(),
                static _ => [new("max_lora", "0"), new("running_lora_adapters", ""), new("waiting_lora_adapters", "")]),
            null,
            "Adapters in use: none.");
    }

    private void CreateCounters(Meter meter)
    {
        Counter(meter, "vllm:prefix_cache_queries", "Prompt tokens looked up in the prefix cache.", s => s.PromptTokens);
        Counter(meter, "vllm:prefix_cache_hits", "Prompt tokens found in the prefix cache.", s => s.CachedPromptTokens);
        Counter(meter, "vllm:prompt_tokens", "Prompt tokens of answers that started.", s => s.PromptTokens);
        Counter(meter, "vllm:generation_tokens", "Tokens of answers.", s => s.AnswerTokens);
        Counter(meter, "vllm:spec_decode_num_draft_tokens", "Tokens guessed ahead of answers and verified.", s => s.DraftedTokens);
        Counter(meter, "vllm:spec_decode_num_accepted_tokens", "Guessed tokens that were right.", s => s.AcceptedDraftTokens);
        Counter(meter, "vllm:num_preemptions", "Times an answer gave its blocks up.", s => s.Preemptions);
        meter.CreateObservableCounter("vllm:request_success", ReadFinished, null, "Answers that ended, by how.");
    }

    private IEnumerable<Measurement<long>> ReadFinished() =>
    [
        .. Read(static s => s.Finished - s.FinishedByLength, static _ => [new("finished_reason", "stop")]),
        .. Read(static s => s.FinishedByLength, static _ => [new("finished_reason", "length")]),
        .. Read(static s => s.Cancelled, static _ => [new("finished_reason", "abort")]),
        .. Read(static s => s.Failed, static _ => [new("finished_reason", "error")]),
    ];

    private void Gauge<T>(Meter meter, string name, string description, Func<EngineStatistics, T> read)
        where T : struct => meter.CreateObservableGauge(name, () => Read(read, static _ => []), null, description);

    private void Counter(Meter meter, string name, string description, Func<EngineStatistics, long> read) =>
        meter.CreateObservableCounter(name, () => Read(read, static _ => []), null, description);

    private IEnumerable<Measurement<T>> Read<T>(Func<EngineStatistics, T> read, Func<EngineStatistics, KeyValuePair<string, object?>[]> labels)
        where T : struct
    {
        if (_engine.Last is not EngineStatistics statistics || _slot.Model is not ServedModel model)
        {
            return [];
        }

        KeyValuePair<string, object?>[] tags = [new(ModelLabel, model.Name), .. labels(statistics)];
        return [new Measurement<T>(read(statistics), tags)];
    }

    private void Record(Histogram<double>? histogram, TimeSpan time) =>
        histogram?.Record(time.TotalSeconds, new KeyValuePair<string, object?>(ModelLabel, _slot.Model?.Name));

    private static Histogram<double> Seconds(Meter meter, string name, string description, double[] bounds) => meter.CreateHistogram(
        name, null, description, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
}
