using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Telemetry;

/// <summary>Counts the messages with rows that one silo sends, for its reports and for the metrics of its process. Thread-safe.</summary>
public sealed class SentTraffic
{
    private readonly Lock _gate = new();
    private long _steps;
    private long _stepBytes;
    private long _expertCalls;
    private long _expertBytes;
    private double _expertSeconds;

    /// <summary>What was sent since the silo started.</summary>
    public TrafficReport Report()
    {
        lock (_gate)
        {
            return new TrafficReport(_steps, _stepBytes, _expertCalls, _expertBytes, _expertSeconds);
        }
    }

    internal void AddStep(long bytes)
    {
        lock (_gate)
        {
            _steps++;
            _stepBytes += bytes;
        }

        GrainTelemetry.StepSent(bytes);
    }

    internal void AddExpertCall(TimeSpan duration, int bytes)
    {
        lock (_gate)
        {
            _expertCalls++;
            _expertBytes += bytes;
            _expertSeconds += duration.TotalSeconds;
        }

        GrainTelemetry.ExpertCall(duration, bytes);
    }
}
