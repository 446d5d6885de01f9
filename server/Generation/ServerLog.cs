using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Server.Generation;

/// <summary>What the server writes to the log. No text of prompts or answers, except by <see cref="Text"/>.</summary>
internal static partial class ServerLog
{
    /// <summary>A request is over.</summary>
    [LoggerMessage(1, LogLevel.Information,
        "{Model}: {Prompts} prompts, {Choices} answers, {PromptTokens} prompt tokens of which {CachedTokens} cached, {AnswerTokens} answer tokens: {Outcome}")]
    public static partial void Answered(
        ILogger logger, string model, int prompts, int choices, int promptTokens, int cachedTokens, int answerTokens, string outcome);

    /// <summary>The body of a request, where the operator asked for it.</summary>
    [LoggerMessage(2, LogLevel.Information, "Request: {Body}")]
    public static partial void Text(ILogger logger, string body);

    /// <summary>The server itself is at fault.</summary>
    [LoggerMessage(3, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void Failed(ILogger logger, Exception error, string method, string path);
}
