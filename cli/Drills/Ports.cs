using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>
/// Finds TCP ports on this machine's loopback address for processes that are started next. The ports are below those that systems give to outgoing
/// connections, so that no connection takes one before its process does, and none is returned twice: not by another process either, as long as this one runs.
/// Thread-safe.
/// </summary>
internal static class Ports
{
    // Systems use ports from 32768 on for outgoing connections.
    private const int First = 12000, Count = 20000;

    // A process locks a file for each port that it has found, which others see until it ends.
    internal static readonly string Reservations = Path.Combine(Path.GetTempPath(), $"hunyuan-ports-{Environment.UserName}");

    private static readonly ConcurrentBag<FileStream> Reserved = [];

    // Processes that look for ports at the same time begin at different ones.
    private static int _next = Random.Shared.Next(Count);

    /// <summary>Finds a free port.</summary>
    /// <exception cref="InvalidOperationException">No port is free.</exception>
    public static int FindFree()
    {
        for (int tried = 0; tried < Count; tried++)
        {
            int port = First + (int)((uint)Interlocked.Increment(ref _next) % Count);
            if (IsFree(port) && TryReserve(port))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"No port from {First} to {First + Count - 1} is free.");
    }

    private static bool TryReserve(int port)
    {
        try
        {
            Directory.CreateDirectory(Reservations);
            Reserved.Add(new FileStream(
                Path.Combine(Reservations, port.ToString(CultureInfo.InvariantCulture)), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose));
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
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
