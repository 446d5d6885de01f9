namespace HunyuanOrleans.Server.Cluster;

/// <summary>
/// Reports where the served model runs and how its experts are used. A host whose model runs in other processes registers its own
/// implementation. Queue and token counters come from the model's generator instead.
/// </summary>
public interface IClusterOverview
{
    /// <summary>Reads the current state. It is called about once a second for each viewer, so it should be cheap for the cluster.</summary>
    /// <param name="cancellationToken">Cancelled when the viewer disconnects.</param>
    /// <returns>Null while the model is not loaded.</returns>
    /// <exception cref="TimeoutException">
    /// The cluster did not answer, for whatever reason: an implementation throws this instead of the exceptions of its own calls. The viewer
    /// sees the message.
    /// </exception>
    ValueTask<ClusterOverview?> ReadAsync(CancellationToken cancellationToken);
}
