using System.Net;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>Parses the addresses a server can listen on.</summary>
internal static class ListenAddress
{
    /// <summary>Parses an IP address, localhost, or * for all addresses. Returns null for anything else.</summary>
    public static IPAddress? Parse(string host) => host switch
    {
        "localhost" => IPAddress.Loopback,
        "*" => IPAddress.IPv6Any,
        _ => IPAddress.TryParse(host, out IPAddress? address) ? address : null,
    };
}
