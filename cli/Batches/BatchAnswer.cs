using System.Buffers;
using System.Text.Json;

namespace HunyuanOrleans.Cli.Batches;

/// <summary>What became of a request: an HTTP response, or the error that prevented one.</summary>
/// <param name="Status">The HTTP status; null without a response.</param>
/// <param name="RequestId">The server's id of the request; empty if it sent none.</param>
/// <param name="Body">The JSON of the response; null without a response.</param>
/// <param name="Error">Why there is no response; null if there is one.</param>
internal sealed record BatchAnswer(int? Status, string RequestId, JsonElement? Body, string? Error)
{
    private const string ErrorCode = "request_failed";

    // What every line begins with.
    private const string LineStart = $"{{\"id\":\"{BatchRequest.IdPrefix}";

    /// <summary>Whether the request succeeded.</summary>
    public bool Succeeded => Status is >= 200 and < 300;

    /// <summary>Gets the token counts that the server reported; zeros if it reported none.</summary>
    public (int Prompt, int Answer) GetUsage()
    {
        return Body is { ValueKind: JsonValueKind.Object } body && body.TryGetProperty("usage", out JsonElement usage) && usage.ValueKind == JsonValueKind.Object
            ? (Count(usage, "prompt_tokens"), Count(usage, "completion_tokens"))
            : (0, 0);

        static int Count(JsonElement usage, string name) =>
            usage.TryGetProperty(name, out JsonElement count) && count.ValueKind == JsonValueKind.Number && count.TryGetInt32(out int value) ? value : 0;
    }

    /// <summary>Whether a text may be the beginning of what <see cref="ToLine"/> writes.</summary>
    public static bool MayBeginLine(string text) =>
        text.StartsWith(LineStart, StringComparison.Ordinal) || LineStart.StartsWith(text, StringComparison.Ordinal);

    /// <summary>Writes the line of OpenAI's output format, with its line break.</summary>
    /// <param name="request">The request that this answers.</param>
    public byte[] ToLine(BatchRequest request)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer, BatchJson.Writing))
        {
            json.WriteStartObject();
            json.WriteString("id", request.Id);
            json.WriteString("custom_id", request.CustomId);
            WriteResponse(json);
            WriteError(json);
            json.WriteEndObject();
        }

        return [.. buffer.WrittenSpan, (byte)'\n'];
    }

    private void WriteResponse(Utf8JsonWriter json)
    {
        if (Status is not int status)
        {
            json.WriteNull("response");
            return;
        }

        json.WriteStartObject("response");
        json.WriteNumber("status_code", status);
        json.WriteString("request_id", RequestId);
        json.WritePropertyName("body");
        if (Body is JsonElement body)
        {
            body.WriteTo(json);
        }
        else
        {
            json.WriteNullValue();
        }

        json.WriteEndObject();
    }

    private void WriteError(Utf8JsonWriter json)
    {
        if (Error is null)
        {
            json.WriteNull("error");
            return;
        }

        json.WriteStartObject("error");
        json.WriteString("code", ErrorCode);
        json.WriteString("message", Error);
        json.WriteEndObject();
    }
}
