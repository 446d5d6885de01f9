using System.Net;
using System.Net.Sockets;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>TCP ports of this machine's loopback.</summary>
internal static class Ports
{
    /// <summary>A port that nobody listened on a moment ago.</summary>
    public static int Free()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
