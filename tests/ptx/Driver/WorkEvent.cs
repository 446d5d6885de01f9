namespace HunyuanOrleans.Ptx.Driver;

/// <summary>An event, which is done when the work before it is.</summary>
internal sealed class WorkEvent
{
    /// <summary>The stream of the last record, if any.</summary>
    public WorkStream? Stream { get; set; }

    /// <summary>Number of the work of the last record.</summary>
    public long Number { get; set; }

    /// <summary>When the last record ran, if it did.</summary>
    public long? Timestamp { get; set; }

    /// <summary>Runs the work before the last record.</summary>
    public void Wait() => Stream?.RunTo(Number);
}
