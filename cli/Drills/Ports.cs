using System.Net;
using System.Net.Sockets;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>
/// Finds TCP ports on this machine's loopback address for processes that are started next. The ports are below those that systems give to outgoing
/// connections, so that no connection takes one before its process does, and none is returned twice. Thread-safe.
/// </summary>
internal static class Ports
{
    // Systems use ports from 32768 on for outgoing connections.
    private const int First = 12000, Count = 20000;

    // Processes that look for ports at the same time begin at different ones.
    private static int _next = Random.Shared.Next(Count);

    /// <summary>Finds a free port.</summary>
    /// <exception cref="InvalidOperationException">No port is free.</exception>
    public static int FindFree()
    {
        for (int tried = 0; tried < Count; tried++)
        {
            int port = First + (int)((uint)Interlocked.Increment(ref _next) % Count);
            if (IsFree(port))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"No port from {First} to {First + Count - 1} is free.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
