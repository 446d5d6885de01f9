namespace HunyuanOrleans.Server.Cluster;

/// <summary>
/// Says where the served model runs and how its experts are used. A host whose model runs elsewhere registers its own; queue and tokens
/// come from the model's generator, not from here.
/// </summary>
public interface IClusterOverview
{
    /// <summary>How things stand. Called about once a second for each viewer, so it should not cost the cluster much.</summary>
    /// <param name="cancellationToken">The viewer went away.</param>
    /// <returns>Null while the model is not there.</returns>
    /// <exception cref="TimeoutException">The cluster did not answer; the viewer is told so.</exception>
    ValueTask<ClusterOverview?> ReadAsync(CancellationToken cancellationToken);
}
