using HunyuanOrleans.Server.Chat;
using HunyuanOrleans.Server.Cluster;
using HunyuanOrleans.Server.Completions;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Metrics;
using HunyuanOrleans.Server.Page;
using HunyuanOrleans.Server.Tokens;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>The addresses of the API, and of the page that uses it.</summary>
public static class ServerEndpoints
{
    /// <summary>Puts the frame around every request of the application and maps the API's endpoints. Call it before mapping others.</summary>
    /// <param name="app">The application.</param>
    /// <param name="health">Whether /health/live and /health/ready are mapped; false where the host has its own.</param>
    public static WebApplication MapHunyuanApi(this WebApplication app, bool health = true)
    {
        ServerOptions options = app.Services.GetRequiredService<IOptions<ServerOptions>>().Value;
        app.UseMiddleware<RequestFrame>();
        if (options.CorsOrigins.Count > 0)
        {
            app.UseCors(policy => policy.WithOrigins([.. options.CorsOrigins]).AllowAnyHeader().AllowAnyMethod()
                .WithExposedHeaders("x-request-id", "retry-after"));
        }

        AccessGate gate = app.Services.GetRequiredService<AccessGate>();
        TokenizeEndpoint tokenize = app.Services.GetRequiredService<TokenizeEndpoint>();
        ModelsEndpoint models = app.Services.GetRequiredService<ModelsEndpoint>();
        app.MapPost("/v1/chat/completions", gate.Limited(app.Services.GetRequiredService<ChatEndpoint>().HandleAsync));
        app.MapPost("/v1/completions", gate.Limited(app.Services.GetRequiredService<CompletionEndpoint>().HandleAsync));
        app.MapPost("/tokenize", gate.Limited(tokenize.TokenizeAsync));
        app.MapPost("/detokenize", gate.Limited(tokenize.DetokenizeAsync));
        app.MapGet("/v1/models", gate.Keyed(models.ListAsync));
        app.MapGet("/v1/models/{id}", gate.Keyed(models.GetAsync));
        app.MapGet("/metrics", gate.Operators(app.Services.GetRequiredService<PrometheusListener>().HandleAsync));
        app.MapGet("/cluster", gate.Keyed(app.Services.GetRequiredService<ClusterEndpoint>().HandleAsync));
        app.MapGet("/version", HealthEndpoint.VersionAsync);
        if (health)
        {
            app.MapGet("/health/live", HealthEndpoint.LiveAsync);
            app.MapGet("/health/ready", app.Services.GetRequiredService<HealthEndpoint>().ReadyAsync);
        }

        app.Services.GetRequiredService<PageEndpoint>().Map(app);
        return app;
    }
}
