using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HunyuanOrleans.Silo.Health;

/// <summary>
/// /health/live answers 200 as long as the process serves HTTP; /health/ready answers 200 when every check with the tag <see cref="Ready"/>
/// passes, else 503, and says what each found.
/// </summary>
internal static class HealthRoutes
{
    /// <summary>Tag of the checks that must pass before requests are sent here.</summary>
    public const string Ready = "ready";

    /// <summary>Adds the silo's own checks; others with the tag count too.</summary>
    public static void AddSiloHealth(this IServiceCollection services) => services.AddHealthChecks()
        .AddCheck<SiloHealth>("silo", tags: [Ready])
        .AddCheck<ModelHealth>("model", tags: [Ready]);

    /// <summary>Adds the routes.</summary>
    public static void MapSiloHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = static _ => false, ResponseWriter = WriteAsync });
        routes.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = static check => check.Tags.Contains(Ready), ResponseWriter = WriteAsync });
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
