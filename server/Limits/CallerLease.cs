using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Limits;

/// <summary>A caller's request in progress.</summary>
internal sealed class CallerLease(Caller caller) : IDisposable
{
    private bool _left;

    /// <summary>
    /// Ends the lease of a request whose answer is about to be complete, so that whoever has read it finds the place free.
    /// </summary>
    public static void EndOf(HttpContext context) => context.Features.Get<CallerLease>()?.Dispose();

    /// <summary>Says how many tokens the request used.</summary>
    public void Charge(int tokens) => caller.Charge(tokens);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_left)
        {
            _left = true;
            caller.Leave();
        }
    }
}
