using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Ollama;

/// <summary>The paths of Ollama's API. Errors there have Ollama's form.</summary>
internal static class OllamaPath
{
    private const string Root = "/api";

    /// <summary>Whether a path belongs to Ollama's API.</summary>
    public static bool Includes(PathString path) => path.StartsWithSegments(Root);
}
