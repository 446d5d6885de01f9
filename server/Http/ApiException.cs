using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Http;

/// <summary>An error that is sent to the caller as OpenAI's error object.</summary>
/// <param name="status">HTTP status.</param>
/// <param name="type">OpenAI's error type, such as invalid_request_error.</param>
/// <param name="message">What was wrong and what is allowed. The caller sees it.</param>
internal sealed class ApiException(int status, string type, string message) : Exception(message)
{
    /// <summary>HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>OpenAI's error type.</summary>
    public string Type { get; } = type;

    /// <summary>The parameter at fault; null for none.</summary>
    public string? Parameter { get; init; }

    /// <summary>OpenAI's error code; null for none.</summary>
    public string? Code { get; init; }

    /// <summary>How long the caller should wait before it tries again; null for no advice.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>400: a parameter has an invalid value.</summary>
    public static ApiException Invalid(string? parameter, string message, string? code = "invalid_value") =>
        new(StatusCodes.Status400BadRequest, "invalid_request_error", message) { Parameter = parameter, Code = code };

    /// <summary>400: a parameter has the wrong JSON type.</summary>
    /// <param name="name">The path of the value in the request.</param>
    /// <param name="expected">The expected type, in words.</param>
    /// <param name="actual">The actual type, in words.</param>
    /// <param name="parameter">The parameter, if its name is not <paramref name="name"/>.</param>
    public static ApiException InvalidType(string name, string expected, string actual, string? parameter = null) =>
        Invalid(parameter ?? name, $"{name} must be {expected}, not {actual}.", "invalid_type");

    /// <summary>400: a required parameter is missing.</summary>
    public static ApiException Missing(string parameter, string expected) =>
        Invalid(parameter, $"{parameter} is missing; it must be {expected}.", "missing_required_parameter");

    /// <summary>429: a limit is reached.</summary>
    public static ApiException TooManyRequests(string code, string message, TimeSpan retryAfter) =>
        new(StatusCodes.Status429TooManyRequests, "rate_limit_error", message) { Code = code, RetryAfter = retryAfter };

    /// <summary>503: the server cannot answer at the moment.</summary>
    /// <param name="code">OpenAI's error code.</param>
    /// <param name="message">The reason.</param>
    /// <param name="retryAfter">When to try again. Default: after a second.</param>
    public static ApiException Unavailable(string code, string message, TimeSpan? retryAfter = null) =>
        new(StatusCodes.Status503ServiceUnavailable, "server_error", message) { Code = code, RetryAfter = retryAfter ?? TimeSpan.FromSeconds(1) };
}
