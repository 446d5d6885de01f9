using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Http;

/// <summary>A request cannot be answered; becomes OpenAI's error object with a status. Its message is for the caller.</summary>
/// <param name="status">HTTP status.</param>
/// <param name="type">OpenAI's class of errors, such as invalid_request_error.</param>
/// <param name="message">What was wrong and what is allowed.</param>
internal sealed class ApiException(int status, string type, string message) : Exception(message)
{
    /// <summary>HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>OpenAI's class of errors.</summary>
    public string Type { get; } = type;

    /// <summary>The parameter at fault; null for none.</summary>
    public string? Parameter { get; init; }

    /// <summary>OpenAI's code; null for none.</summary>
    public string? Code { get; init; }

    /// <summary>When to try again; null for not said.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>A parameter has a wrong value.</summary>
    public static ApiException Invalid(string? parameter, string message, string? code = "invalid_value") =>
        new(StatusCodes.Status400BadRequest, "invalid_request_error", message) { Parameter = parameter, Code = code };

    /// <summary>A parameter has the wrong JSON type.</summary>
    /// <param name="name">Where the value stands.</param>
    /// <param name="wanted">What it must be.</param>
    /// <param name="given">What it is.</param>
    /// <param name="parameter">The parameter, where it is not called <paramref name="name"/>.</param>
    public static ApiException WrongType(string name, string wanted, string given, string? parameter = null) =>
        Invalid(parameter ?? name, $"{name} must be {wanted}, not {given}.", "invalid_type");

    /// <summary>A parameter that must be there is not.</summary>
    public static ApiException Missing(string parameter, string wanted) =>
        Invalid(parameter, $"{parameter} is missing; it must be {wanted}.", "missing_required_parameter");

    /// <summary>Too much is asked for at this moment.</summary>
    public static ApiException TooMany(string code, string message, TimeSpan retryAfter) =>
        new(StatusCodes.Status429TooManyRequests, "rate_limit_error", message) { Code = code, RetryAfter = retryAfter };

    /// <summary>The server cannot answer anyone now.</summary>
    public static ApiException Unavailable(string code, string message) =>
        new(StatusCodes.Status503ServiceUnavailable, "server_error", message) { Code = code, RetryAfter = TimeSpan.FromSeconds(1) };
}
