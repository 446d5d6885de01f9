using System.Net.Sockets;
using Polly.Timeout;

namespace HunyuanOrleans.Contracts.Grains;

/// <summary>Tells apart the exceptions of calls that can succeed when the call is made again, possibly on another silo.</summary>
public static class TransientErrors
{
    /// <summary>True for silos that have gone, calls that were lost, and grains that moved. False for the caller's own cancellation.</summary>
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
            or GrainCallException;
}
