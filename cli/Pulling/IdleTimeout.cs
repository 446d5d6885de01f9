namespace HunyuanOrleans.Cli.Pulling;

/// <summary>A cancellation token that fires when another token does, or when <see cref="Restart"/> was not called for a given time.</summary>
internal sealed class IdleTimeout : IDisposable
{
    private readonly TimeSpan _limit;
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _link;

    /// <summary>Starts the timeout.</summary>
    /// <param name="limit">How long <see cref="Token"/> stays uncancelled without a <see cref="Restart"/>.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Cancels <see cref="Token"/> as well.</param>
    public IdleTimeout(TimeSpan limit, TimeProvider time, CancellationToken cancellation)
    {
        _limit = limit;
        _source = new(limit, time);
        _link = cancellation.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
    }

    /// <summary>The token that fires.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Starts the timeout again from now.</summary>
    public void Restart() => _source.CancelAfter(_limit);

    /// <inheritdoc/>
    public void Dispose()
    {
        _link.Dispose();
        _source.Dispose();
    }
}
