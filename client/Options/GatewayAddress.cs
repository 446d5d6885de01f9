using System.Net;
using System.Net.Sockets;
using HunyuanOrleans.Contracts;

namespace HunyuanOrleans.Client;

/// <summary>Where a silo takes clients: HOST:PORT, [IPv6]:PORT for addresses with colons.</summary>
/// <param name="Host">A name or an address.</param>
/// <param name="Port">The TCP port.</param>
internal readonly record struct GatewayAddress(string Host, int Port)
{
    /// <summary>Reads one.</summary>
    /// <exception cref="HunyuanException">It is none.</exception>
    public static GatewayAddress Parse(string text)
    {
        int colon = text.LastIndexOf(':');
        string host = colon > 0 ? text[..colon] : "";
        bool bracketed = host.StartsWith('[') && host.EndsWith(']');
        host = bracketed ? host[1..^1] : host;
        bool named = host.Length > 0 && (bracketed ? IPAddress.TryParse(host, out _) : !host.Contains(':'));
        return named && int.TryParse(text.AsSpan(colon + 1), out int port) && port is >= 1 and <= 65535
            ? new GatewayAddress(host.Trim(), port)
            : throw new HunyuanException($"\"{text}\" is no gateway; allowed: HOST:PORT of a silo's gateway, such as 127.0.0.1:30000.");
    }

    /// <summary>The addresses the name stands for.</summary>
    /// <exception cref="HunyuanException">It stands for none.</exception>
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
