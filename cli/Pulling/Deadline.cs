namespace HunyuanOrleans.Cli.Pulling;

/// <summary>A token that is cancelled with another one, or when nothing moved it on for a time.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly TimeSpan _limit;
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _link;

    /// <summary>Starts the time.</summary>
    public Deadline(TimeSpan limit, TimeProvider time, CancellationToken cancellation)
    {
        _limit = limit;
        _source = new(limit, time);
        _link = cancellation.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
    }

    /// <summary>The token.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Starts the time anew.</summary>
    public void MoveOn() => _source.CancelAfter(_limit);

    public void Dispose()
    {
        _link.Dispose();
        _source.Dispose();
    }
}
