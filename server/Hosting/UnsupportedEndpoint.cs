using HunyuanOrleans.Server.Http;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>
/// Endpoints of OpenAI and vLLM that need a model of another kind. They are refused with an error that says so, instead of being unknown.
/// </summary>
internal static class UnsupportedEndpoint
{
    /// <summary>The paths. They take POST.</summary>
    public static IReadOnlyList<string> Paths { get; } =
    [
        "/v1/embeddings", "/v1/audio/{**rest}", "/v1/images/{**rest}", "/v1/moderations", "/v1/rerank", "/v1/score", "/rerank", "/score", "/pooling", "/classify",
    ];

    /// <summary>Refuses a request.</summary>
    public static Task HandleAsync(HttpContext context) => throw ApiException.Invalid(
        null, $"{context.Request.Path} is not supported: this server generates text only. Use /v1/chat/completions or /v1/completions.", "unsupported_endpoint");
}
