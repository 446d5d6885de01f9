namespace Orleans.Runtime;

/// <summary>Something an activation is to run: a request or a tick of a timer.</summary>
internal abstract class Work
{
    public bool Interleaves { get; init; }

    public bool ReadOnly { get; init; }

    /// <summary>Whether running it counts as the grain being in use.</summary>
    public bool KeepsAlive { get; init; } = true;

    /// <summary>Whether nobody waits for it any more; then it need not be started.</summary>
    public virtual bool IsDone => false;

    /// <summary>Runs it, on the activation's scheduler. Does not throw.</summary>
    public abstract Task RunAsync(Activation activation);

    /// <summary>Ends it without having run, or while it runs.</summary>
    public abstract void Fail(Exception exception);
}
