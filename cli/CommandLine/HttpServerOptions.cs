using System.CommandLine;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>What verbs that send requests to a server with OpenAI's API share.</summary>
internal static class HttpServerOptions
{
    private const string KeyVariable = "OPENAI_API_KEY";

    /// <summary>--api-key: the key to send.</summary>
    public static readonly Option<string?> Key = new("--api-key")
    {
        Description = $"The API key. [default: the variable {KeyVariable}]",
        HelpName = "KEY",
    };

    /// <summary>The API key of the command line or of the environment; null for none.</summary>
    public static string? ReadKey(ParseResult parsed) =>
        parsed.GetValue(Key) ?? (Environment.GetEnvironmentVariable(KeyVariable) is { Length: > 0 } key ? key : null);

    /// <summary>Parses the address of a server, with or without /v1. The result ends with a slash and has no /v1.</summary>
    /// <exception cref="UsageException">The text is not such an address.</exception>
    public static Uri ParseUrl(string text)
    {
        string bare = text.TrimEnd('/');
        bare = bare.EndsWith("/v1", StringComparison.Ordinal) ? bare[..^3] : bare;
        return Uri.TryCreate(bare.TrimEnd('/') + "/", UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"
            ? url
            : throw new UsageException($"--url must be an http or https address, not '{text}'.");
    }
}
