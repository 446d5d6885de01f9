using HunyuanOrleans.Server.Chat;
using HunyuanOrleans.Server.Cluster;
using HunyuanOrleans.Server.Completions;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Messages;
using HunyuanOrleans.Server.Metrics;
using HunyuanOrleans.Server.Ollama;
using HunyuanOrleans.Server.Page;
using HunyuanOrleans.Server.Responses;
using HunyuanOrleans.Server.Tokens;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>Maps the endpoints of the API and of the chat page.</summary>
public static class HunyuanServerEndpointExtensions
{
    /// <summary>Adds the API's middleware to the application and maps its endpoints. Call it before mapping others.</summary>
    /// <param name="app">The application.</param>
    /// <param name="health">Whether to map /health, /health/live and /health/ready; false if the host has its own.</param>
    public static WebApplication MapHunyuanApi(this WebApplication app, bool health = true)
    {
        ServerOptions options = app.Services.GetRequiredService<IOptions<ServerOptions>>().Value;
        app.UseMiddleware<ApiMiddleware>();
        if (options.CorsOrigins.Count > 0)
        {
            app.UseCors(policy => policy.WithOrigins([.. options.CorsOrigins]).AllowAnyHeader().AllowAnyMethod()
                .WithExposedHeaders("x-request-id", "retry-after", UnknownFields.Header));
        }

        AccessPolicy access = app.Services.GetRequiredService<AccessPolicy>();
        TokenizeEndpoint tokenize = app.Services.GetRequiredService<TokenizeEndpoint>();
        ModelsEndpoint models = app.Services.GetRequiredService<ModelsEndpoint>();
        app.MapPost("/v1/chat/completions", access.RequireKeyAndLimits(app.Services.GetRequiredService<ChatEndpoint>().HandleAsync));
        app.MapPost("/v1/completions", access.RequireKeyAndLimits(app.Services.GetRequiredService<CompletionEndpoint>().HandleAsync));
        MessagesEndpoint messages = app.Services.GetRequiredService<MessagesEndpoint>();
        app.MapPost(MessagesPath.Messages, access.RequireKeyAndLimits(messages.CreateAsync));
        app.MapPost(MessagesPath.CountTokens, access.RequireKeyAndLimits(messages.CountTokensAsync));
        ResponsesEndpoint responses = app.Services.GetRequiredService<ResponsesEndpoint>();
        app.MapPost("/v1/responses", access.RequireKeyAndLimits(responses.HandleAsync));
        app.MapRead("/v1/responses/{id}", access.RequireKey(responses.GetAsync));
        app.MapDelete("/v1/responses/{id}", access.RequireKey(responses.DeleteAsync));
        app.MapPost("/tokenize", access.RequireKeyAndLimits(tokenize.TokenizeAsync));
        app.MapPost("/detokenize", access.RequireKeyAndLimits(tokenize.DetokenizeAsync));
        app.MapPost("/reset_prefix_cache", access.RequireAdministrator(app.Services.GetRequiredService<PrefixCacheEndpoint>().ResetAsync));
        AdaptersEndpoint adapters = app.Services.GetRequiredService<AdaptersEndpoint>();
        app.MapPost("/v1/load_lora_adapter", access.RequireAdministratorKey(adapters.LoadAsync));
        app.MapPost("/v1/unload_lora_adapter", access.RequireAdministratorKey(adapters.UnloadAsync));
        app.MapRead("/tokenizer_info", access.RequireKey(app.Services.GetRequiredService<TokenizerInfoEndpoint>().GetAsync));
        app.MapRead("/v1/models", access.RequireKey(models.ListAsync));
        app.MapRead("/v1/models/{**id}", access.RequireKey(models.GetAsync));
        app.MapRead("/metrics", access.RequireOperator(app.Services.GetRequiredService<PrometheusEndpoint>().HandleAsync));
        app.MapRead("/cluster", access.RequireKey(app.Services.GetRequiredService<ClusterEndpoint>().HandleAsync));
        app.MapRead("/version", HealthEndpoint.VersionAsync);
        OllamaEndpoint ollama = app.Services.GetRequiredService<OllamaEndpoint>();
        app.MapPost("/api/chat", access.RequireKeyAndLimits(ollama.ChatAsync));
        app.MapPost("/api/generate", access.RequireKeyAndLimits(ollama.GenerateAsync));
        app.MapRead("/api/tags", access.RequireKey(ollama.ListAsync));
        app.MapPost("/api/show", access.RequireKey(ollama.ShowAsync));
        app.MapRead("/api/version", HealthEndpoint.VersionAsync);
        foreach (string path in UnsupportedEndpoint.Paths)
        {
            app.MapPost(path, access.RequireKey(UnsupportedEndpoint.HandleAsync));
        }

        if (health)
        {
            app.MapRead("/health/live", HealthEndpoint.LiveAsync);
            HealthEndpoint endpoint = app.Services.GetRequiredService<HealthEndpoint>();
            app.MapRead("/health", endpoint.ReadyAsync);
            app.MapRead("/health/ready", endpoint.ReadyAsync);
        }

        app.Services.GetRequiredService<PageEndpoint>().Map(app);
        return app;
    }

    // Kestrel sends the headers of the same response without its body for HEAD.
    private static void MapRead(this WebApplication app, string path, RequestDelegate handler) =>
        app.MapMethods(path, [HttpMethods.Get, HttpMethods.Head], handler);
}
