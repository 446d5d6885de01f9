using System.Text.Json;
using HunyuanOrleans.Server.Http;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Messages;

/// <summary>Writes errors as Anthropic's error object.</summary>
internal static class MessagesError
{
    /// <summary>Writes {"type": "error", "error": {…}}.</summary>
    /// <param name="json">Receives the object.</param>
    /// <param name="error">The error.</param>
    /// <param name="requestId">The id of the request; null to leave it out.</param>
    public static void Write(Utf8JsonWriter json, ApiException error, string? requestId = null)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "error"u8);
        json.WriteStartObject("error"u8);
        json.WriteString("type"u8, TypeOf(error.Status));
        json.WriteString("message"u8, Rename(error));
        json.WriteEndObject();
        if (requestId is not null)
        {
            json.WriteString("request_id"u8, requestId);
        }

        json.WriteEndObject();
    }

    private static string TypeOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "authentication_error",
        StatusCodes.Status403Forbidden => "permission_error",
        StatusCodes.Status404NotFound => "not_found_error",
        StatusCodes.Status413PayloadTooLarge => "request_too_large",
        StatusCodes.Status429TooManyRequests => "rate_limit_error",
        StatusCodes.Status503ServiceUnavailable => "overloaded_error",
        StatusCodes.Status504GatewayTimeout => "timeout_error",
        >= StatusCodes.Status500InternalServerError => "api_error",
        _ => "invalid_request_error",
    };

    // What is found only after the translation into a chat request has the parameter's name there.
    private static string Rename(ApiException error) => error.Parameter switch
    {
        "response_format" => error.Message.Contains("response_format", StringComparison.Ordinal)
            ? error.Message.Replace("response_format", "output_config.format", StringComparison.Ordinal)
            : $"output_config.format: {error.Message}",
        { } tools when tools.StartsWith("tools", StringComparison.Ordinal) => error.Message
            .Replace(".function.parameters", ".input_schema", StringComparison.Ordinal)
            .Replace(".function.name", ".name", StringComparison.Ordinal),
        "stop" => $"stop_sequences: {error.Message}",
        _ => error.Message,
    };
}
