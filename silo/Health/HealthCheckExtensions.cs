using System.Text.Json;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HunyuanOrleans.Silo.Health;

/// <summary>
/// Adds the health checks of a silo and their routes. /health/live answers 200 while the process serves HTTP. /health/joined answers 200 while the silo is
/// active in the cluster, /health and /health/ready while the model answers requests that come through this silo, all otherwise 503. They list the result of
/// each check, and how far the model is loaded.
/// </summary>
internal static class HealthCheckExtensions
{
    /// <summary>Tag of the checks that must be healthy before the silo gets requests.</summary>
    public const string Ready = "ready";

    /// <summary>Tag of the checks that are healthy once the silo is part of the cluster.</summary>
    public const string Joined = "joined";

    /// <summary>Adds the checks of the silo, of the identity of its model, and of the model itself.</summary>
    public static void AddSiloHealth(this IServiceCollection services) => services.AddHealthChecks()
        .AddCheck<SiloHealthCheck>("silo", tags: [Ready, Joined])
        .AddCheck<IdentityHealthCheck>("identity", tags: [Ready])
        .AddCheck<ModelHealthCheck>("model", tags: [Ready]);

    /// <summary>Maps /health, /health/live, /health/joined and /health/ready.</summary>
    public static void MapSiloHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = static _ => false, ResponseWriter = WriteAsync });
        routes.MapHealthChecks("/health/joined", new HealthCheckOptions { Predicate = static check => check.Tags.Contains(Joined), ResponseWriter = WriteAsync });
        foreach (string path in (string[])["/health", "/health/ready"])
        {
            routes.MapHealthChecks(path, new HealthCheckOptions { Predicate = static check => check.Tags.Contains(Ready), ResponseWriter = WriteAsync });
        }
    }

    private static async Task WriteAsync(HttpContext context, HealthReport report)
    {
        ModelReadiness? readiness = context.RequestServices.GetRequiredService<ModelSlot>().Readiness;
        context.Response.ContentType = "application/json";
        if (report.Status == HealthStatus.Unhealthy && readiness is not null)
        {
            RetryAfterHeader.Set(context.Response, readiness.RetryAfter);
        }

        await using Utf8JsonWriter json = new(context.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteString("status", report.Status == HealthStatus.Healthy ? "ok" : "unavailable");
        foreach ((string name, HealthReportEntry entry) in report.Entries)
        {
            json.WriteString(name, entry.Description ?? entry.Exception?.Message ?? entry.Status.ToString());
        }

        json.WritePropertyName("loading");
        ModelReadiness.WriteProgress(json, readiness);
        json.WriteEndObject();
        await json.FlushAsync();
    }
}
