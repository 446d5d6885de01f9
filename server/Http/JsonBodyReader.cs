using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Http;

/// <summary>
/// Reads a request's body as one JSON object, compressed or not. It rejects bodies that later readers cannot handle: invalid UTF-8, unpaired
/// surrogates, deep nesting.
/// </summary>
internal static class JsonBodyReader
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Reads the body.</summary>
    /// <param name="context">The request.</param>
    /// <param name="maxDepth">The deepest nesting allowed.</param>
    /// <param name="maxBytes">The most bytes of a compressed body after decompression.</param>
    /// <exception cref="ApiException">The body is not a JSON object, is not declared as JSON, or is too large after decompression.</exception>
    /// <exception cref="BadHttpRequestException">The body is too large or incomplete.</exception>
    public static async Task<JsonDocument> ReadAsync(HttpContext context, int maxDepth, long maxBytes)
    {
        // Browsers let a web page of another origin send a JSON content type only after a CORS preflight. Other types need none.
        if (!context.Request.HasJsonContentType())
        {
            throw new ApiException(
                StatusCodes.Status415UnsupportedMediaType, "invalid_request_error", "The header Content-Type must be application/json.")
            {
                Code = "unsupported_media_type",
            };
        }

        string? encoding = BodyDecompressor.ReadEncoding(context);
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
                byte[] body = read.Buffer.ToArray();
                return Parse(encoding is null ? body : BodyDecompressor.Decompress(body, encoding, maxBytes), maxDepth);
            }
            finally
            {
                reader.AdvanceTo(read.Buffer.End);
            }
        }
    }

    /// <summary>Parses a body. A byte order mark before it is skipped.</summary>
    /// <exception cref="ApiException">The body is not a JSON object.</exception>
    internal static JsonDocument Parse(ReadOnlyMemory<byte> body, int maxDepth)
    {
        if (body.Span.StartsWith(ByteOrderMark))
        {
            body = body[ByteOrderMark.Length..];
        }

        if (!Utf8.IsValid(body.Span))
        {
            throw ApiException.Invalid(null, "The body is not valid UTF-8.", "invalid_json");
        }

        JsonDocument document;
        try
        {
            if (FindUnpairedSurrogate(body.Span, maxDepth) is long at)
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

    /// <summary>
    /// Finds a string with an unpaired surrogate. Returns the byte offset at which the string begins, or null if there is none.
    /// </summary>
    /// <exception cref="JsonException">The text is not JSON, or is nested too deep.</exception>
    internal static long? FindUnpairedSurrogate(ReadOnlySpan<byte> json, int maxDepth)
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
