using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Placement;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HunyuanOrleans.Silo.Health;

/// <summary>Healthy if the silo has the models that the other silos of its cluster have.</summary>
internal sealed class IdentityHealthCheck(HunyuanSiloOptions options, ModelAgreement agreement) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        options.Models.Select(model => agreement.FindProblem(model.Name)).FirstOrDefault(static problem => problem is not null) is { } problem
            ? HealthCheckResult.Unhealthy(problem)
            : HealthCheckResult.Healthy("the same as on the other silos"));
}
