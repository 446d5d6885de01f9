using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Server.Generation;

/// <summary>The server's log messages. Only <see cref="RequestBody"/> contains text of prompts.</summary>
internal static partial class ServerLog
{
    /// <summary>A request ended.</summary>
    [LoggerMessage(1, LogLevel.Information,
        "{Model} for {Caller}: {Prompts} prompts, {Choices} answers, {PromptTokens} prompt tokens of which {CachedTokens} cached, {AnswerTokens} answer tokens: {Outcome}")]
    public static partial void RequestEnded(
        ILogger logger, string model, string? caller, int prompts, int choices, int promptTokens, int cachedTokens, int answerTokens, string outcome);

    /// <summary>The body of a request, logged if <see cref="Hosting.ServerOptions.LogText"/> is set.</summary>
    [LoggerMessage(2, LogLevel.Information, "Request: {Body}")]
    public static partial void RequestBody(ILogger logger, string body);

    /// <summary>A request failed through a fault of the server.</summary>
    [LoggerMessage(3, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void RequestFailed(ILogger logger, Exception error, string method, string path);

    /// <summary>An adapter was loaded on request.</summary>
    [LoggerMessage(4, LogLevel.Information, "Loaded adapter {Name}: {Bytes} bytes")]
    public static partial void AdapterLoaded(ILogger logger, string name, long bytes);

    /// <summary>An adapter was unloaded on request.</summary>
    [LoggerMessage(5, LogLevel.Information, "Unloaded adapter {Name}")]
    public static partial void AdapterUnloaded(ILogger logger, string name);

    /// <summary>The files of an adapter that a request names have changed or are gone.</summary>
    [LoggerMessage(6, LogLevel.Warning, "Adapter {Name} could not be loaded")]
    public static partial void AdapterNotLoaded(ILogger logger, string name, Exception error);
}
