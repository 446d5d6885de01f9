using System.Net.Sockets;
using Polly.Timeout;

namespace HunyuanOrleans.Grains.Contracts;

/// <summary>Which exceptions of calls pass when the call is made again, perhaps elsewhere.</summary>
public static class TransientErrors
{
    /// <summary>True where trying again makes sense: silos that went, calls that were lost, grains that moved. Not for the caller's own cancellation.</summary>
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
