using System.Net.Sockets;
using Orleans.Serialization;
using Polly.Timeout;

namespace HunyuanOrleans.Contracts.Grains;

/// <summary>Tells apart the exceptions of calls that can succeed when the call is made again, possibly on another silo.</summary>
public static class TransientErrors
{
    /// <summary>Where the exceptions of membership databases are from. A call fails with one if a silo on its way could not read who the members are.</summary>
    public static readonly IReadOnlyList<string> DatabaseNamespaces = ["Npgsql", "StackExchange.Redis"];

    /// <summary>
    /// True for silos that have gone, calls that were lost, grains that moved, and a membership database that does not answer. False for the caller's own
    /// cancellation.
    /// </summary>
    /// <param name="fault">The exception.</param>
    /// <param name="cancellationToken">The caller's own token.</param>
    public static bool IsTransient(Exception fault, CancellationToken cancellationToken = default) =>
        !cancellationToken.IsCancellationRequested && fault is OrleansException
            or TimeoutException
            or TimeoutRejectedException
            or EnumerationAbortedException
            or OperationCanceledException
            or ObjectDisposedException
            or SocketException
            or IOException
            or GrainCallException
            || (!cancellationToken.IsCancellationRequested && IsOfDatabase(fault));

    // Exceptions arrive as a fallback in programs that do not have their type.
    private static bool IsOfDatabase(Exception fault)
    {
        string? type = fault is UnavailableExceptionFallbackException unknown ? unknown.ExceptionType : fault.GetType().FullName;
        return type is not null && DatabaseNamespaces.Any(prefix => type.StartsWith($"{prefix}.", StringComparison.Ordinal));
    }
}
