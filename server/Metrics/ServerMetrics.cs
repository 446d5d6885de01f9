using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace HunyuanOrleans.Server.Metrics;

/// <summary>
/// The metrics and traces of requests, with the names and buckets of OpenTelemetry's semantic conventions for generative AI.
/// </summary>
internal sealed class ServerMetrics
{
    /// <summary>The name of the meter and of the activity source.</summary>
    public const string Name = "HunyuanOrleans.Server";

    /// <summary>The value of gen_ai.provider.name.</summary>
    public const string Provider = "hunyuan_orleans";

    // The bucket boundaries of the conventions.
    private static readonly double[] DurationBounds =
        [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

    private static readonly double[] FirstTokenBounds =
        [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

    private static readonly double[] PerTokenBounds = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5];

    private static readonly int[] TokenBounds =
        [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];

    private readonly TimeProvider _time;

    /// <summary>Creates the instruments.</summary>
    public ServerMetrics(IMeterFactory factory, TimeProvider time)
    {
        _time = time;
        Meter = factory.Create(Name);
        Duration = Seconds("gen_ai.server.request.duration", "Time from a request's arrival to the end of its answers.", DurationBounds);
        FirstToken = Seconds("gen_ai.server.time_to_first_token", "Time from a request's arrival to its first token.", FirstTokenBounds);
        PerToken = Seconds("gen_ai.server.time_per_output_token", "Time between the tokens of an answer after its first.", PerTokenBounds);
        TokenUsage = Meter.CreateHistogram(
            "gen_ai.client.token.usage", "{token}", "Tokens of a request: prompts (input) and answers (output).", null,
            new InstrumentAdvice<int> { HistogramBucketBoundaries = TokenBounds });
        Active = Meter.CreateUpDownCounter<int>("hunyuan.server.active_requests", "{request}", "Requests being answered.");
    }

    /// <summary>The source of the requests' activities.</summary>
    public static ActivitySource Source { get; } = new(Name);

    /// <summary>The meter. Other types create further instruments with it.</summary>
    public Meter Meter { get; }

    /// <summary>gen_ai.server.request.duration.</summary>
    public Histogram<double> Duration { get; }

    /// <summary>gen_ai.server.time_to_first_token.</summary>
    public Histogram<double> FirstToken { get; }

    /// <summary>gen_ai.server.time_per_output_token.</summary>
    public Histogram<double> PerToken { get; }

    /// <summary>gen_ai.client.token.usage.</summary>
    public Histogram<int> TokenUsage { get; }

    /// <summary>The number of requests in progress.</summary>
    public UpDownCounter<int> Active { get; }

    /// <summary>Starts to measure a request.</summary>
    public RequestMetrics Begin(string operation, string model, bool stream) => new(this, _time, operation, model, stream);

    private Histogram<double> Seconds(string name, string description, double[] bounds) => Meter.CreateHistogram(
        name, "s", description, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
}
