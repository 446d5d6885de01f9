using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace HunyuanOrleans.Grains.Telemetry;

/// <summary>
/// Activities and metrics of the grains: a trace of each step over all silos, and the messages between silos. Source and meter have the name
/// <see cref="Name"/>. Orleans' activity propagation carries the trace from call to call while
/// somebody also listens to the source Microsoft.Orleans.Application, as the telemetry export does. The cost is negligible while nobody listens.
/// </summary>
public static class GrainTelemetry
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string Name = "HunyuanOrleans.Grains";

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);

    private static readonly Histogram<double> StepSeconds =
        Meter.CreateHistogram<double>("hunyuan.step.duration", "s", "Time of one step, over all shards and attempts.");

    private static readonly Counter<long> Retries = Meter.CreateCounter<long>("hunyuan.step.retries", "{step}", "Steps that were sent again.");

    private static readonly Counter<long> Switches = Meter.CreateCounter<long>("hunyuan.route.switches", "{switch}", "Changes of the route in use.");

    private static readonly Counter<long> MovedBlocks = Meter.CreateCounter<long>("hunyuan.kv.moved", "{block}", "KV blocks moved to another silo.");

    private static readonly Counter<long> Messages = Meter.CreateCounter<long>("hunyuan.messages", "{message}", "Messages with rows, by kind: step or expert.");

    private static readonly Counter<long> Bytes = Meter.CreateCounter<long>("hunyuan.message.bytes", "By", "Bytes of rows in messages, there and back, by kind.");

    private static readonly Histogram<double> ExpertSeconds =
        Meter.CreateHistogram<double>("hunyuan.expert.call.duration", "s", "Time of one call to an expert group on another silo.");

    private static readonly KeyValuePair<string, object?> StepKind = new("kind", "step");
    private static readonly KeyValuePair<string, object?> ExpertKind = new("kind", "expert");

    /// <summary>Starts an activity below the current one.</summary>
    /// <param name="name">Name of the operation.</param>
    /// <returns>Null while nobody listens.</returns>
    internal static Activity? Start(string name) => Source.StartActivity(name);

    internal static void Step(TimeSpan duration, string model) => StepSeconds.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("model", model));

    internal static void Retry(string model) => Retries.Add(1, new KeyValuePair<string, object?>("model", model));

    internal static void Switch(string model, int blocks)
    {
        KeyValuePair<string, object?> tag = new("model", model);
        Switches.Add(1, tag);
        MovedBlocks.Add(blocks, tag);
    }

    internal static void StepSent(long bytes)
    {
        Messages.Add(1, StepKind);
        Bytes.Add(bytes, StepKind);
    }

    internal static void ExpertCall(TimeSpan duration, int bytes)
    {
        Messages.Add(1, ExpertKind);
        Bytes.Add(bytes, ExpertKind);
        ExpertSeconds.Record(duration.TotalSeconds);
    }
}
