using System.Net;
using System.Net.Sockets;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>Finds TCP ports on this machine's loopback address.</summary>
internal static class Ports
{
    /// <summary>Finds a free port. Another process may take it before it is used.</summary>
    public static int FindFree()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
