namespace HunyuanOrleans.Grains.Hosting;

/// <summary>Whether the silo is about to stop, and whether it has ended.</summary>
public sealed class SiloLifetime : IDisposable
{
    private readonly CancellationTokenSource _ended = new();

    /// <summary>It is handing over and takes nothing more.</summary>
    public bool Leaving { get; set; }

    /// <summary>Cancelled when the silo has ended, in order or not: what still runs here has no right to.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Says that the silo has ended.</summary>
    public void End() => _ended.Cancel();

    /// <inheritdoc/>
    public void Dispose() => _ended.Dispose();
}
