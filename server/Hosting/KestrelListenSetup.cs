using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>Makes Kestrel listen only on the address and port of <see cref="ServerOptions"/>.</summary>
internal sealed class KestrelListenSetup(IOptions<ServerOptions> options) : IConfigureOptions<KestrelServerOptions>
{
    /// <inheritdoc/>
    public void Configure(KestrelServerOptions kestrel)
    {
        ServerOptions server = options.Value;
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
