using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Http;

/// <summary>
/// Reads a request's body as one JSON object, and refuses whatever later readers could stumble over: wrong UTF-8, half surrogate
/// pairs, deep nesting. It knows no parameter.
/// </summary>
internal static class JsonBody
{
    /// <summary>Reads the body.</summary>
    /// <param name="context">The request.</param>
    /// <param name="maxDepth">Deepest nesting allowed.</param>
    /// <exception cref="ApiException">It is no JSON object, or not declared as JSON.</exception>
    /// <exception cref="BadHttpRequestException">It is too large or incomplete.</exception>
    public static async Task<JsonDocument> ReadAsync(HttpContext context, int maxDepth)
    {
        // Without a declared type a web page of another origin could send a request without asking first.
        if (!context.Request.HasJsonContentType())
        {
            throw new ApiException(
                StatusCodes.Status415UnsupportedMediaType, "invalid_request_error", "The header Content-Type must be application/json.")
            {
                Code = "unsupported_media_type",
            };
        }

        PipeReader reader = context.Request.BodyReader;
        while (true)
        {
            ReadResult read = await reader.ReadAsync(context.RequestAborted);
            if (!read.IsCompleted)
            {
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            try
            {
                return Parse(read.Buffer.ToArray(), maxDepth);
            }
            finally
            {
                reader.AdvanceTo(read.Buffer.End);
            }
        }
    }

    /// <summary>Parses a body.</summary>
    /// <exception cref="ApiException">It is no JSON object.</exception>
    internal static JsonDocument Parse(byte[] body, int maxDepth)
    {
        if (!Utf8.IsValid(body))
        {
            throw ApiException.Invalid(null, "The body is not valid UTF-8.", "invalid_json");
        }

        JsonDocument document;
        try
        {
            if (HalfPair(body, maxDepth) is long at)
            {
                throw ApiException.Invalid(null, $"The body is not valid JSON: the text at byte {at} holds half of a surrogate pair.", "invalid_json");
            }

            document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = maxDepth });
        }
        catch (JsonException e)
        {
            throw ApiException.Invalid(null, $"The body is not valid JSON: {e.Message}", "invalid_json");
        }

        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            document.Dispose();
            throw ApiException.Invalid(null, "The body must be a JSON object.", "invalid_json");
        }

        return document;
    }

    /// <summary>Where a text begins that holds half of a surrogate pair, in bytes; null where none does.</summary>
    /// <exception cref="JsonException">It is no JSON, or nested too deep.</exception>
    internal static long? HalfPair(ReadOnlySpan<byte> json, int maxDepth)
    {
        if (json.IndexOf("\\u"u8) < 0)
        {
            return null;
        }

        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = maxDepth });
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName) || !reader.ValueIsEscaped)
            {
                continue;
            }

            try
            {
                reader.GetString();
            }
            catch (InvalidOperationException)
            {
                return reader.TokenStartIndex;
            }
        }

        return null;
    }
}
