namespace HunyuanOrleans.Server.Hosting;

/// <summary>How the HTTP server listens and what it allows: the section Server of the configuration. Checked at start.</summary>
public sealed class ServerOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Server";

    /// <summary>Address to listen on: an IP address, localhost, or * for all. Others than loopback need a key. Default 127.0.0.1.</summary>
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>Port to listen on; 0 takes any free one. Default 8020.</summary>
    public int Port { get; set; } = 8020;

    /// <summary>Whether the server may listen beyond loopback without any key. Default false.</summary>
    public bool AllowAnonymous { get; set; }

    /// <summary>
    /// Names that the Host header may have, besides IP addresses and localhost. Default none: any name where a key is needed, no other
    /// name where none is, so that no web page can reach the server by a name of its own.
    /// </summary>
    public IList<string> AllowedHosts { get; } = [];

    /// <summary>Origins whose web pages may call the API; * for all. Default none.</summary>
    public IList<string> CorsOrigins { get; } = [];

    /// <summary>Keys that callers must show one of. Default none: no key is needed.</summary>
    public IList<ApiKeyOptions> Keys { get; } = [];

    /// <summary>A file with more keys, a line each; such as a mounted secret. It is read at start. Default none.</summary>
    public string? KeyFile { get; set; }

    /// <summary>What a caller may do whose key does not say, and whoever comes without a key where none is needed.</summary>
    public LimitOptions Limits { get; set; } = new();

    /// <summary>Whether /metrics is open to all even where keys are needed. Default false.</summary>
    public bool OpenMetrics { get; set; }

    /// <summary>Most bytes of a request's body. More is answered 413. Default 8 MiB.</summary>
    public long MaxBodyBytes { get; set; } = 8 << 20;

    /// <summary>Deepest nesting of a request's JSON. Default 64.</summary>
    public int MaxJsonDepth { get; set; } = 64;

    /// <summary>Most tokens of a prompt; 0 leaves it to the model's context. Default 0.</summary>
    public int MaxPromptTokens { get; set; }

    /// <summary>Most answers of one request: prompts times n. Default 16.</summary>
    public int MaxChoices { get; set; } = 16;

    /// <summary>Most connections at once; more are closed. Default 4096.</summary>
    public int MaxConnections { get; set; } = 4096;

    /// <summary>
    /// How long a request may take; then it is cancelled, and answered 504 or, in a stream, by an error. Default 10 minutes.
    /// </summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a stop of the server waits for requests in progress. Default 20 s.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Whether prompts and answers are written to the log. Default false: none of their text is.</summary>
    public bool LogText { get; set; }

    /// <summary>Where metrics and traces are sent by OTLP, such as http://localhost:4317. Default none: nothing is sent.</summary>
    public string? OtlpEndpoint { get; set; }
}
