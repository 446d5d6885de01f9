using HunyuanOrleans.Silo.Clustering;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HunyuanOrleans.Silo.Health;

/// <summary>Healthy while the silo is active in the cluster and not stopping.</summary>
/// <param name="silo">The state of the silo.</param>
/// <param name="lifetime">Signals that the process stops.</param>
internal sealed class SiloHealthCheck(SiloState silo, IHostApplicationLifetime lifetime) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(lifetime.ApplicationStopping.IsCancellationRequested ? HealthCheckResult.Unhealthy("stopping")
            : silo.Active ? HealthCheckResult.Healthy($"active, {silo.ActiveInCluster} in the cluster")
            : HealthCheckResult.Unhealthy("not active in the cluster yet"));
}
