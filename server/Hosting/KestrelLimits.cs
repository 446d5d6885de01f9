using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>Gives the web server the limits of the options, wherever it listens.</summary>
internal sealed class KestrelLimits(IOptions<ServerOptions> options) : IConfigureOptions<KestrelServerOptions>
{
    // Sending a request's head takes no longer over any network; an idle connection may not be held by less.
    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    public void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = options.Value.MaxBodyBytes;
        kestrel.Limits.MaxConcurrentConnections = options.Value.MaxConnections;
        kestrel.Limits.RequestHeadersTimeout = HeadersTimeout;
    }
}
