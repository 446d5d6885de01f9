using System.Net;
using System.Net.Sockets;
using HunyuanOrleans.Contracts;

namespace HunyuanOrleans.Client;

/// <summary>The address at which a silo accepts clients: HOST:PORT, or [ADDRESS]:PORT for IPv6.</summary>
/// <param name="Host">A host name or an IP address.</param>
/// <param name="Port">The TCP port, 1 to 65535.</param>
internal readonly record struct GatewayAddress(string Host, int Port)
{
    /// <summary>Parses an address.</summary>
    /// <exception cref="HunyuanException">The text is not an address.</exception>
    public static GatewayAddress Parse(string text)
    {
        int colon = text.LastIndexOf(':');
        string host = colon > 0 ? text[..colon] : "";
        bool bracketed = host.StartsWith('[') && host.EndsWith(']');
        host = bracketed ? host[1..^1] : host;
        bool valid = host.Length > 0 && (bracketed ? IPAddress.TryParse(host, out _) : !host.Contains(':'));
        return valid && int.TryParse(text.AsSpan(colon + 1), out int port) && port is >= 1 and <= 65535
            ? new GatewayAddress(host.Trim(), port)
            : throw new HunyuanException($"\"{text}\" is no gateway; allowed: HOST:PORT of a silo's gateway, such as 127.0.0.1:30000.");
    }

    /// <summary>Resolves the host to its endpoints.</summary>
    /// <exception cref="HunyuanException">The host is unknown.</exception>
    public IPEndPoint[] Resolve()
    {
        int port = Port;
        try
        {
            return [.. Dns.GetHostAddresses(Host).Select(address => new IPEndPoint(address, port))];
        }
        catch (Exception fault) when (fault is SocketException or ArgumentException)
        {
            throw new HunyuanException($"The gateway {Host}:{Port} cannot be found: {fault.Message}", fault);
        }
    }
}
