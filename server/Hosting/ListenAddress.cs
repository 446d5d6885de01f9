using System.Net;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>The address a server listens on, as options write it.</summary>
internal static class ListenAddress
{
    /// <summary>An IP address, localhost, or * for all; null for anything else.</summary>
    public static IPAddress? Parse(string host) => host switch
    {
        "localhost" => IPAddress.Loopback,
        "*" => IPAddress.IPv6Any,
        _ => IPAddress.TryParse(host, out IPAddress? address) ? address : null,
    };
}
