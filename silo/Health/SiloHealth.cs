using HunyuanOrleans.Silo.Clustering;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HunyuanOrleans.Silo.Health;

/// <summary>Ready means: active in the cluster, and not about to stop.</summary>
/// <param name="silo">The state of the silo.</param>
/// <param name="lifetime">Whether it stops.</param>
internal sealed class SiloHealth(SiloState silo, IHostApplicationLifetime lifetime) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(lifetime.ApplicationStopping.IsCancellationRequested ? HealthCheckResult.Unhealthy("stopping")
            : silo.Active ? HealthCheckResult.Healthy($"active, {silo.ActiveInCluster} in the cluster")
            : HealthCheckResult.Unhealthy("not active in the cluster yet"));
}
