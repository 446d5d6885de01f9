using HunyuanOrleans.Server.Hosting;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HunyuanOrleans.Silo.Health;

/// <summary>Healthy if requests to this silo are answered by the cluster's model, or if there is no model to serve.</summary>
internal sealed class ModelHealthCheck(ModelSlot slot) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        slot is { IsReady: true, Model: { } model } ? HealthCheckResult.Healthy($"{model.Name} is served")
        : slot.Failure is { } failure ? HealthCheckResult.Healthy(failure)
        : HealthCheckResult.Unhealthy(slot.Readiness?.Message ?? "the model is not reached yet"));
}
