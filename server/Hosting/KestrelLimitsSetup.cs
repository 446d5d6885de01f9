using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>Applies the limits of <see cref="ServerOptions"/> and what connections may do to Kestrel, whatever addresses it listens on.</summary>
internal sealed class KestrelLimitsSetup(IOptions<ServerOptions> options, TimeProvider time) : IConfigureOptions<KestrelServerOptions>
{
    // Long enough for the headers of a request over any network, and short enough that clients who send nothing do not hold connections.
    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    public void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = options.Value.MaxBodyBytes;
        kestrel.Limits.MaxConcurrentConnections = options.Value.MaxConnections;
        kestrel.Limits.RequestHeadersTimeout = HeadersTimeout;
        kestrel.ConfigureEndpointDefaults(port =>
        {
            HalfCloseMonitor.Use(port, time);
            CleartextHttp2.Use(port, HeadersTimeout);
        });
    }
}
