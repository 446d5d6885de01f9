using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>Makes the web server listen where the options say, and nowhere else, with their limits.</summary>
internal sealed class KestrelSetup(IOptions<ServerOptions> options) : IConfigureOptions<KestrelServerOptions>
{
    // Sending a request's head takes no longer over any network; an idle connection may not be held by less.
    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    public void Configure(KestrelServerOptions kestrel)
    {
        ServerOptions server = options.Value;
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = server.MaxBodyBytes;
        kestrel.Limits.MaxConcurrentConnections = server.MaxConnections;
        kestrel.Limits.RequestHeadersTimeout = HeadersTimeout;
        if (server.Host == "*")
        {
            // Falls back to IPv4 where the machine has no IPv6.
            kestrel.ListenAnyIP(server.Port);
        }
        else
        {
            kestrel.Listen(ListenAddress.Parse(server.Host)!, server.Port);
        }
    }
}
