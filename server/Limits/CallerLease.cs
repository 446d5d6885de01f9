using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Limits;

/// <summary>A request in progress, which counts against its caller's limits until it is disposed.</summary>
internal sealed class CallerLease(Caller caller) : IDisposable
{
    private bool _disposed;

    /// <summary>The caller's name, for logs.</summary>
    public string Caller => caller.Name;

    /// <summary>
    /// Ends the lease of a request just before the end of its response is sent, so that a client which has read all of it can send the next
    /// request at once.
    /// </summary>
    public static void Release(HttpContext context) => context.Features.Get<CallerLease>()?.Dispose();

    /// <summary>Charges tokens that the request used.</summary>
    public void Charge(int tokens) => caller.Charge(tokens);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            caller.Leave();
        }
    }
}
