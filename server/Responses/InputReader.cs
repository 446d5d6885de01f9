using System.Text.Json;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Tools;
using HunyuanOrleans.Text.Templates;

namespace HunyuanOrleans.Server.Responses;

/// <summary>
/// Reads the parameter input as messages of a chat: a string, or a list of items. Neighbouring items of the assistant, its reasoning, its text and its
/// calls, become one message.
/// </summary>
internal sealed class InputReader
{
    private const string Name = "input", Expected = "a string or an array of items", Items = "message, reasoning, function_call and function_call_output";

    private readonly List<ChatMessage> _messages;
    private readonly List<ToolCall> _calls = [];
    private string? _reasoning, _content;

    private InputReader(IReadOnlyList<ChatMessage> previous) => _messages = [.. previous];

    /// <summary>Reads the parameter, and returns the conversation with its messages.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="previous">The messages before them.</param>
    /// <exception cref="ApiException">The parameter is missing or invalid.</exception>
    public static IReadOnlyList<ChatMessage> Read(RequestFields fields, IReadOnlyList<ChatMessage> previous)
    {
        JsonElement input = fields[Name] ?? throw ApiException.Missing(Name, Expected);
        InputReader reader = new(previous);
        if (input.ValueKind == JsonValueKind.String)
        {
            reader._messages.Add(ChatMessage.User(input.GetString()!));
            return reader._messages;
        }

        if (input.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.InvalidType(Name, Expected, RequestFields.Kind(input));
        }

        if (input.GetArrayLength() == 0)
        {
            throw ApiException.Invalid(Name, "input must hold at least one item.");
        }

        int i = 0;
        foreach (JsonElement item in input.EnumerateArray())
        {
            reader.ReadItem(item, $"{Name}[{i++}]");
        }

        reader.EndAssistant();
        return reader._messages;
    }

    private void ReadItem(JsonElement json, string place)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.InvalidType(place, "an item, an object", RequestFields.Kind(json), Name);
        }

        RequestFields item = new(json, place + ".");
        string? type = Text(item, "type", place, required: false);
        switch (type)
        {
            case "message" or null:
                ReadMessage(item, place);
                return;
            case "reasoning":
                AddReasoning(ReadReasoning(item, place));
                return;
            case "function_call":
                ToolCall call = new(Text(item, "call_id", place)!, Text(item, "name", place)!) { IsComplete = true };
                call.Arguments.Append(Text(item, "arguments", place));
                _calls.Add(call);
                return;
            case "function_call_output":
                EndAssistant();
                string id = Text(item, "call_id", place)!;
                _messages.Add(new ChatMessage("tool", ReadContent(item, "output", place, "input_text")) { ToolCallId = id });
                return;
            default:
                throw ApiException.Invalid(Name, $"{place} is of type \"{type}\"; supported are {Items}.", "unsupported_value");
        }
    }

    private void ReadMessage(RequestFields item, string place)
    {
        switch (Text(item, "role", place))
        {
            case "assistant":
                string content = ReadContent(item, "content", place, "output_text");
                if (_content is not null || _calls.Count > 0)
                {
                    EndAssistant();
                }

                _content = content;
                return;
            case "user":
                EndAssistant();
                _messages.Add(ChatMessage.User(ReadContent(item, "content", place, "input_text")));
                return;
            case "system" or "developer":
                EndAssistant();
                _messages.Add(ChatMessage.System(ReadContent(item, "content", place, "input_text")));
                return;
            case var role:
                throw ApiException.Invalid(Name, $"{place}.role is '{role}'; allowed are user, assistant, system and developer.");
        }
    }

    private void AddReasoning(string text)
    {
        if (_content is not null || _calls.Count > 0)
        {
            EndAssistant();
        }

        _reasoning += text;
    }

    private static string ReadReasoning(RequestFields item, string place) =>
        item["content"] is null ? "" : ReadContent(item, "content", place, "reasoning_text");

    private void EndAssistant()
    {
        if (_content is not null || _calls.Count > 0 || !string.IsNullOrEmpty(_reasoning))
        {
            _messages.Add(AssistantMessage.Create(_content, _reasoning, _calls));
        }

        _content = _reasoning = null;
        _calls.Clear();
    }

    /// <summary>Reads a text, or parts of text, which are joined by line breaks as in chats.</summary>
    private static string ReadContent(RequestFields item, string name, string place, string partType)
    {
        JsonElement value = item[name] ?? throw ApiException.Invalid(Name, $"{place}.{name} is missing.", "missing_required_parameter");
        place = $"{place}.{name}";
        if (value.ValueKind != JsonValueKind.Array)
        {
            return value.ValueKind == JsonValueKind.String
                ? value.GetString()!
                : throw ApiException.InvalidType(place, "a string or an array of parts", RequestFields.Kind(value), Name);
        }

        List<string> parts = [];
        foreach (JsonElement part in value.EnumerateArray())
        {
            parts.Add(ReadPart(part, $"{place}[{parts.Count}]", partType));
        }

        return string.Join('\n', parts);
    }

    private static string ReadPart(JsonElement json, string place, string partType)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.InvalidType(place, "a part, an object", RequestFields.Kind(json), Name);
        }

        RequestFields part = new(json, place + ".");
        string type = Text(part, "type", place)!;

        // Clients send parts back under the names of input and output alike.
        return type is "input_text" or "output_text" or "text" || type == partType ? Text(part, "text", place)!
            : type == "refusal" ? Text(part, "refusal", place)!
            : throw ApiException.Invalid(Name, $"{place} is of type \"{type}\"; this model reads text only: \"{partType}\".", "unsupported_value");
    }

    private static string? Text(RequestFields item, string name, string place, bool required = true) => item[name] is JsonElement value
        ? RequestFields.Text(value, $"{place}.{name}", Name)
        : required ? throw ApiException.Invalid(Name, $"{place}.{name} is missing.", "missing_required_parameter") : null;
}
