using System.Diagnostics;
using System.Diagnostics.Metrics;
using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Telemetry;

/// <summary>
/// What a cluster tells about itself: a trace of a step over all silos (source and meter are named <see cref="Name"/>), and counts of what crosses
/// between them. Costs next to nothing while nobody listens.
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

    private static readonly Counter<long> Switches = Meter.CreateCounter<long>("hunyuan.route.switches", "{switch}", "Changes of who holds what, between two steps.");

    private static readonly Counter<long> MovedBlocks = Meter.CreateCounter<long>("hunyuan.kv.moved", "{block}", "KV blocks brought along to another silo.");

    private static readonly Counter<long> Messages = Meter.CreateCounter<long>("hunyuan.messages", "{message}", "Messages with rows, by kind: step or expert.");

    private static readonly Counter<long> Bytes = Meter.CreateCounter<long>("hunyuan.message.bytes", "By", "Bytes of rows in messages, there and back, by kind.");

    private static readonly Histogram<double> ExpertSeconds =
        Meter.CreateHistogram<double>("hunyuan.expert.call.duration", "s", "Time of one call to an expert group on another silo.");

    private static readonly Lock Gate = new();
    private static long _steps;
    private static long _stepBytes;
    private static long _expertCalls;
    private static long _expertBytes;
    private static double _expertSeconds;

    private static readonly KeyValuePair<string, object?> StepKind = new("kind", "step");
    private static readonly KeyValuePair<string, object?> ExpertKind = new("kind", "expert");

    /// <summary>Begins a part of a trace.</summary>
    /// <param name="name">What is done.</param>
    /// <param name="parent">Where it came from, as a message carried it; null for here.</param>
    /// <returns>Null while nobody listens.</returns>
    internal static Activity? Start(string name, string? parent) => parent is null
        ? Source.StartActivity(name)
        : Source.StartActivity(name, ActivityKind.Server, ActivityContext.TryParse(parent, null, isRemote: true, out ActivityContext context) ? context : default);

    internal static void Step(TimeSpan duration, string model) => StepSeconds.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("model", model));

    internal static void Retry(string model) => Retries.Add(1, new KeyValuePair<string, object?>("model", model));

    internal static void Switch(string model, int blocks)
    {
        KeyValuePair<string, object?> tag = new("model", model);
        Switches.Add(1, tag);
        MovedBlocks.Add(blocks, tag);
    }

    /// <summary>What this process has sent.</summary>
    internal static TrafficReport Traffic()
    {
        lock (Gate)
        {
            return new TrafficReport(_steps, _stepBytes, _expertCalls, _expertBytes, _expertSeconds);
        }
    }

    internal static void StepSent(int bytes)
    {
        lock (Gate)
        {
            _steps++;
            _stepBytes += bytes;
        }

        Messages.Add(1, StepKind);
        Bytes.Add(bytes, StepKind);
    }

    internal static void ExpertCall(TimeSpan duration, int bytes)
    {
        lock (Gate)
        {
            _expertCalls++;
            _expertBytes += bytes;
            _expertSeconds += duration.TotalSeconds;
        }

        Messages.Add(1, ExpertKind);
        Bytes.Add(bytes, ExpertKind);
        ExpertSeconds.Record(duration.TotalSeconds);
    }
}
