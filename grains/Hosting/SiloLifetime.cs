namespace HunyuanOrleans.Grains.Hosting;

/// <summary>Tells whether the silo is about to stop and whether it has ended.</summary>
public sealed class SiloLifetime : IDisposable
{
    private readonly CancellationTokenSource _ended = new();

    /// <summary>True once the silo hands its share over and takes no new one.</summary>
    public bool Leaving { get; set; }

    /// <summary>
    /// Cancelled when the silo ends without a hand-over: it was stopped with a cancelled token, as test hosts kill a silo, or the cluster declared it dead. Work
    /// that still runs then must stop, because it runs on other silos too.
    /// </summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Cancels <see cref="Ended"/>.</summary>
    public void End() => _ended.Cancel();

    /// <inheritdoc/>
    public void Dispose() => _ended.Dispose();
}
