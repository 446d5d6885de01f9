namespace HunyuanOrleans.Ptx.Driver;

/// <summary>An event, which is done when the work before it is.</summary>
internal sealed class WorkEvent
{
    /// <summary>The stream of the last record, if any.</summary>
    public WorkStream? Stream { get; private set; }

    /// <summary>Number of the work of the last record.</summary>
    public long Number { get; private set; }

    /// <summary>When the last record ran, if it did.</summary>
    public long? Timestamp { get; private set; }

    /// <summary>Records the event in a stream. Earlier records that have not run do not count any more.</summary>
    public void Record(WorkStream stream, TimeProvider time)
    {
        long number = stream.Submitted + 1;
        (Stream, Number, Timestamp) = (stream, number, null);
        stream.Add(() => Timestamp = Stream == stream && Number == number ? time.GetTimestamp() : Timestamp);
    }

    /// <summary>Runs the work before the last record.</summary>
    public void Wait() => Stream?.RunTo(Number);
}
