using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HunyuanOrleans.Silo.Health;

/// <summary>
/// Adds the health checks of a silo and their routes. /health/live answers 200 while the process serves HTTP. /health and /health/ready answer 200 if every check
/// with the tag <see cref="Ready"/> is healthy, else 503, and list the result of each check.
/// </summary>
internal static class HealthCheckExtensions
{
    /// <summary>Tag of the checks that must be healthy before the silo gets requests.</summary>
    public const string Ready = "ready";

    /// <summary>Adds the checks of the silo and of its model.</summary>
    public static void AddSiloHealth(this IServiceCollection services) => services.AddHealthChecks()
        .AddCheck<SiloHealthCheck>("silo", tags: [Ready])
        .AddCheck<ModelHealthCheck>("model", tags: [Ready]);

    /// <summary>Maps /health, /health/live and /health/ready.</summary>
    public static void MapSiloHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = static _ => false, ResponseWriter = WriteAsync });
        foreach (string path in (string[])["/health", "/health/ready"])
        {
            routes.MapHealthChecks(path, new HealthCheckOptions { Predicate = static check => check.Tags.Contains(Ready), ResponseWriter = WriteAsync });
        }
    }

    private static async Task WriteAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "application/json";
        await using Utf8JsonWriter json = new(context.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteString("status", report.Status == HealthStatus.Healthy ? "ok" : "unavailable");
        foreach ((string name, HealthReportEntry entry) in report.Entries)
        {
            json.WriteString(name, entry.Description ?? entry.Exception?.Message ?? entry.Status.ToString());
        }

        json.WriteEndObject();
        await json.FlushAsync();
    }
}
