using HunyuanOrleans.Server.Hosting;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HunyuanOrleans.Silo.Health;

/// <summary>Healthy if requests to this silo reach the cluster's model, or if there is no model to serve.</summary>
internal sealed class ModelHealthCheck(ModelSlot slot) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        slot.Model is { } model ? HealthCheckResult.Healthy($"{model.Name} is served")
        : slot.Failure is { } failure ? HealthCheckResult.Healthy(failure)
        : HealthCheckResult.Unhealthy("the model is not reached yet"));
}
