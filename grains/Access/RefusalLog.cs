using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Access;

/// <summary>Logs what clients were refused. A client that repeats itself fills no log: each method and each reason is logged once a minute.</summary>
internal sealed partial class RefusalLog(ILogger<RefusalLog> logger, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, long> _logged = new(StringComparer.Ordinal);

    /// <summary>A client called a method that is for silos.</summary>
    /// <param name="method">The interface and the method.</param>
    /// <param name="client">The client, if it named itself.</param>
    public void CallRefused(string method, GrainId? client)
    {
        if (IsDue(method))
        {
            LogCall(method, client);
        }
    }

    /// <summary>A client sent what no client sends, and its connection was closed.</summary>
    /// <param name="reason">What it did.</param>
    /// <param name="remote">Where it connected from.</param>
    public void ConnectionClosed(string reason, EndPoint? remote)
    {
        if (IsDue(reason))
        {
            LogConnection(remote, reason);
        }
    }

    private bool IsDue(string subject)
    {
        long now = time.GetTimestamp();
        while (true)
        {
            if (!_logged.TryGetValue(subject, out long last))
            {
                if (_logged.TryAdd(subject, now))
                {
                    return true;
                }
            }
            else if (time.GetElapsedTime(last, now) < Interval)
            {
                return false;
            }
            else if (_logged.TryUpdate(subject, now, last))
            {
                return true;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A call of {Method} by the client {Client} was refused: only silos may call it. Further such calls are not logged for a minute")]
    private partial void LogCall(string method, GrainId? client);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The connection of a client at {Remote} was closed: it {Reason}. Further such connections are not logged for a minute")]
    private partial void LogConnection(EndPoint? remote, string reason);
}
