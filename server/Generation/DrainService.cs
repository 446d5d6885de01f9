using HunyuanOrleans.Server.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Generation;

/// <summary>Cancels the requests that still run <see cref="ServerOptions.ShutdownTimeout"/> after the host began to stop.</summary>
internal sealed class DrainService : IDisposable
{
    private readonly CancellationTokenSource _timeout;
    private readonly CancellationTokenRegistration _stopping;

    /// <summary>Registers with the host's lifetime.</summary>
    public DrainService(IHostApplicationLifetime lifetime, IOptions<ServerOptions> options, TimeProvider time)
    {
        _timeout = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _stopping = lifetime.ApplicationStopping.Register(() => _timeout.CancelAfter(options.Value.ShutdownTimeout));
    }

    /// <summary>Cancelled when the timeout has passed.</summary>
    public CancellationToken Token => _timeout.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping.Dispose();
        _timeout.Dispose();
    }
}
