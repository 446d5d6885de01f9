using HunyuanOrleans.Server.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Generation;

/// <summary>Ends the answers that still run when a stopping server has waited for them long enough.</summary>
internal sealed class Drain : IDisposable
{
    private readonly CancellationTokenSource _end;
    private readonly CancellationTokenRegistration _stopping;

    /// <summary>Waits for the host to stop.</summary>
    public Drain(IHostApplicationLifetime lifetime, IOptions<ServerOptions> options, TimeProvider time)
    {
        _end = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _stopping = lifetime.ApplicationStopping.Register(() => _end.CancelAfter(options.Value.ShutdownTimeout));
    }

    /// <summary>Cancelled when the wait is over.</summary>
    public CancellationToken Token => _end.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping.Dispose();
        _end.Dispose();
    }
}
