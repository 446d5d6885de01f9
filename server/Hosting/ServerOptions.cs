using HunyuanOrleans.Text.Answers;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>Where the HTTP server listens and what it allows: the section Server of the configuration. Validated at start.</summary>
public sealed class ServerOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Server";

    /// <summary>The largest value of <see cref="MaxJsonDepth"/>.</summary>
    public const int LargestJsonDepth = 1000;

    /// <summary>The values of <see cref="ReasoningParser"/> that are no formats.</summary>
    internal const string AutoReasoning = "auto", NoReasoning = "none";

    /// <summary>
    /// Address to listen on: an IP address, localhost, or * for all. Addresses other than loopback require a key. Default 127.0.0.1.
    /// </summary>
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>Port to listen on; 0 takes any free one. Default 8020.</summary>
    public int Port { get; set; } = 8020;

    /// <summary>Whether the server may listen on addresses other than loopback without any key. Default false.</summary>
    public bool AllowAnonymous { get; set; }

    /// <summary>
    /// Names that the Host header may have, besides IP addresses and localhost. Default none: with keys or <see cref="AllowAnonymous"/>, any
    /// name is allowed; otherwise no other name is, so that a web page cannot reach the server through a DNS name of its own.
    /// </summary>
    public IList<string> AllowedHosts { get; } = [];

    /// <summary>Origins whose web pages may call the API; * for all. Default none.</summary>
    public IList<string> CorsOrigins { get; } = [];

    /// <summary>API keys; a caller must send one of them. Default none: no key is needed.</summary>
    public IList<ApiKeyOptions> Keys { get; } = [];

    /// <summary>A file with more keys, one per line, such as a mounted secret. It is read at start. Default none.</summary>
    public string? KeyFile { get; set; }

    /// <summary>The limits of keys without limits of their own, and of all anonymous callers together.</summary>
    public LimitOptions Limits { get; set; } = new();

    /// <summary>Whether /metrics is open to all even if the API requires keys. Default false.</summary>
    public bool OpenMetrics { get; set; }

    /// <summary>
    /// Whether /metrics also has the metrics that vLLM reports, under its names, for dashboards, autoscalers and routers that read those. Default
    /// false.
    /// </summary>
    public bool VllmMetrics { get; set; }

    /// <summary>The largest request body, in bytes. Larger ones are answered 413. Default 8 MiB.</summary>
    public long MaxBodyBytes { get; set; } = 8 << 20;

    /// <summary>
    /// How answers mark the model's reasoning: auto (as the chat template tells), none (reasoning is part of the text), or the name of a format.
    /// Default auto.
    /// </summary>
    public string ReasoningParser { get; set; } = AutoReasoning;

    /// <summary>The deepest nesting of a request's JSON. Default 64.</summary>
    public int MaxJsonDepth { get; set; } = 64;

    /// <summary>The longest prompt, in tokens; 0 leaves the limit to the model's context. Default 0.</summary>
    public int MaxPromptTokens { get; set; }

    /// <summary>The most answers to one prompt: n. Default 16.</summary>
    public int MaxChoices { get; set; } = 16;

    /// <summary>The most prompts of one request for text completions, and the most answers to all of them together. Default 256.</summary>
    public int MaxPrompts { get; set; } = 256;

    /// <summary>What happens to parameters that the server does not know. Default: they are ignored.</summary>
    public UnknownParameterPolicy UnknownParameters { get; set; }

    /// <summary>
    /// Whether a request may bring its own chat template (chat_template). A template can write special tokens, so it can imitate other roles.
    /// Default false.
    /// </summary>
    public bool AllowChatTemplate { get; set; }

    /// <summary>
    /// Whether a request may set its place in the queue (priority): lower values start first. Default false, because every caller could then
    /// pass all others.
    /// </summary>
    public bool AllowPriority { get; set; }

    /// <summary>
    /// Whether numbers in JSON answers may have any number of digits. Default false: where a schema has no bounds, integers lie between
    /// -(2^53 - 1) and 2^53 - 1, and other numbers have at most 16 digits before and 17 behind the decimal point, so that every JSON reader
    /// takes them.
    /// </summary>
    public bool AnyNumbers { get; set; }

    /// <summary>
    /// The most responses of /v1/responses that are kept in memory, for previous_response_id; 0 keeps none. The one that was not used for the longest time
    /// goes first. Default 1000.
    /// </summary>
    public int MaxStoredResponses { get; set; } = 1000;

    /// <summary>The most bytes that kept responses take with the conversations before them. Default 64 MiB.</summary>
    public long MaxStoredResponseBytes { get; set; } = 64 << 20;

    /// <summary>How long a kept response is not used before it is forgotten. Default 1 hour.</summary>
    public TimeSpan StoredResponseLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>The most connections at once; further ones are closed. Default 4096.</summary>
    public int MaxConnections { get; set; } = 4096;

    /// <summary>
    /// How long a request may take. After that it is cancelled and answered 504, or with an error event in a stream. Default 10 minutes.
    /// </summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long a stream sends nothing before a comment is sent, so that proxies and clients do not take it for dead; zero for no comments. Default
    /// 10 s, less than common proxies wait.
    /// </summary>
    public TimeSpan KeepAliveInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a stopping server waits for requests in progress. Default 20 s.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Whether request bodies are written to the log. Default false: the log holds no text of prompts or answers.</summary>
    public bool LogText { get; set; }

    /// <summary>
    /// The OpenTelemetry collector to send metrics and traces to, such as http://localhost:4317. Default: the environment variable
    /// OTEL_EXPORTER_OTLP_ENDPOINT; without either, nothing is sent.
    /// </summary>
    public string? OtlpEndpoint { get; set; }

    /// <summary>Whether log records are sent to the collector as well. Default false.</summary>
    public bool OtlpLogs { get; set; }

    /// <summary>The allowed values of <see cref="ReasoningParser"/>.</summary>
    public static IReadOnlyList<string> ReasoningParsers { get; } = [AutoReasoning, NoReasoning, .. ReasoningFormat.All.Select(static format => format.Name)];

    /// <summary>Returns how a model's answers mark its reasoning; null if they do not.</summary>
    internal ReasoningFormat? FindReasoning(ServedModel model) =>
        ReasoningParser == AutoReasoning || (ReasoningParser == ReasoningFormat.HyV3.Name && model.Reasoning is { IsHyV3: true })
            ? model.Reasoning
            : ReasoningFormat.Find(ReasoningParser);
}
