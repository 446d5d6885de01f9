using HunyuanOrleans.Server.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>Health checks for orchestrators, and the version of the server.</summary>
internal sealed class HealthEndpoint(ModelSlot slot, IHostApplicationLifetime lifetime)
{
    /// <summary>GET /health/live: 200 while the process runs.</summary>
    public static Task LiveAsync(HttpContext context) => WriteAsync(context, "live");

    /// <summary>GET /version.</summary>
    public static Task VersionAsync(HttpContext context)
    {
        string version = typeof(HealthEndpoint).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
        return JsonResponse.WriteAsync(context, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("version"u8, version);
            writer.WriteEndObject();
        });
    }

    /// <summary>GET /health and /health/ready: 200 from when the model is loaded until the server stops, otherwise 503 with the progress of loading.</summary>
    public Task ReadyAsync(HttpContext context)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw ApiException.Unavailable("shutting_down", "The server is stopping.");
        }

        slot.RequireReady();
        return WriteAsync(context, "ready");
    }

    private static Task WriteAsync(HttpContext context, string status) => JsonResponse.WriteAsync(context, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("status"u8, status);
        writer.WriteEndObject();
    });
}
