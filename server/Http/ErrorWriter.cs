using System.Text.Json;
using HunyuanOrleans.Server.Messages;
using HunyuanOrleans.Server.Ollama;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Http;

/// <summary>Writes OpenAI's error object, or on the paths of Anthropic's and Ollama's APIs theirs.</summary>
internal static class ErrorWriter
{
    /// <summary>Sends an error as the response, which must not have started.</summary>
    public static Task WriteAsync(HttpContext context, ApiException error)
    {
        context.Response.StatusCode = error.Status;
        if (error.RetryAfter is TimeSpan wait)
        {
            RetryAfterHeader.Set(context.Response, wait);
        }

        if (error.Status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
        }

        return JsonResponse.WriteAsync(context, writer =>
        {
            if (MessagesPath.Includes(context.Request.Path))
            {
                MessagesError.Write(writer, error, context.TraceIdentifier);
            }
            else if (OllamaPath.Includes(context.Request.Path))
            {
                OllamaError.Write(writer, error);
            }
            else
            {
                Write(writer, error);
            }
        });
    }

    /// <summary>Writes {"error": {…}}.</summary>
    public static void Write(Utf8JsonWriter writer, ApiException error)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("error"u8);
        writer.WriteString("message"u8, error.Message);
        writer.WriteString("type"u8, error.Type);
        writer.WriteString("param"u8, error.Parameter);
        writer.WriteString("code"u8, error.Code);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
