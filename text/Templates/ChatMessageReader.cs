using System.Text.Json;

namespace HunyuanOrleans.Text.Templates;

/// <summary>Reads messages as in the OpenAI API. Error messages name the location of the fault.</summary>
internal static class ChatMessageReader
{
    public static List<ChatMessage> ReadList(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Array)
        {
            throw new TextException($"messages must be an array of messages, not {Describe(json)}.");
        }

        List<ChatMessage> messages = [];
        foreach (JsonElement message in json.EnumerateArray())
        {
            messages.Add(Read(message, $"messages[{messages.Count}]"));
        }

        return messages;
    }

    private static ChatMessage Read(JsonElement json, string place)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new TextException($"{place} must be an object with role and content, not {Describe(json)}.");
        }

        Dictionary<string, JsonElement> fields = [];
        foreach (JsonProperty property in json.EnumerateObject())
        {
            fields[property.Name] = property.Value.Clone();
        }

        string role = TakeText(fields, "role", place)
            ?? throw new TextException($"{place}.role is missing; allowed are {string.Join(", ", ChatMessage.Roles)}.");
        string? content = fields.Remove("content", out JsonElement value) ? Content(value, place + ".content") : null;
        JsonElement? calls = fields.Remove("tool_calls", out JsonElement given) && given.ValueKind != JsonValueKind.Null ? given : null;
        return new ChatMessage(role == "developer" ? "system" : role, content)
        {
            Name = TakeText(fields, "name", place),
            ToolCallId = TakeText(fields, "tool_call_id", place),
            ReasoningContent = TakeText(fields, "reasoning_content", place) ?? TakeText(fields, "reasoning", place),
            ToolCalls = calls,
            Extra = fields.Count > 0 ? fields : null,
        };
    }

    private static string? TakeText(Dictionary<string, JsonElement> fields, string name, string place)
    {
        if (!fields.Remove(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return Text(value, $"{place}.{name}");
    }

    private static string? Content(JsonElement json, string place)
    {
        if (json.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (json.ValueKind != JsonValueKind.Array)
        {
            return Text(json, place);
        }

        List<string> parts = [];
        foreach (JsonElement part in json.EnumerateArray())
        {
            string partPlace = $"{place}[{parts.Count}]";
            bool isText = part.ValueKind == JsonValueKind.Object
                && part.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("text");
            parts.Add(isText && part.TryGetProperty("text", out JsonElement text)
                ? Text(text, partPlace + ".text")
                : throw new TextException($"{partPlace} must be a part {{\"type\": \"text\", \"text\": …}}; these models read text only."));
        }

        return string.Join('\n', parts);
    }

    private static string Text(JsonElement json, string place)
    {
        if (json.ValueKind != JsonValueKind.String)
        {
            throw new TextException($"{place} must be a string, not {Describe(json)}.");
        }

        try
        {
            return json.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new TextException($"{place} holds half of a surrogate pair, which is no Unicode text.");
        }
    }

    private static string Describe(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        _ => "null",
    };
}
