using System.Text.Json;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Messages;

/// <summary>
/// Translates the parameters system and messages into the messages of a chat request. A result of a tool, which is a block of a user's message,
/// becomes a message of its own.
/// </summary>
/// <param name="json">Receives the chat request.</param>
internal sealed class MessageListTranslator(Utf8JsonWriter json)
{
    private const string Parameter = "messages";

    private readonly HashSet<string> _calls = [];

    /// <summary>Writes the field "messages".</summary>
    /// <exception cref="ApiException">A message is invalid.</exception>
    public void Write(RequestFields fields)
    {
        JsonElement messages = fields[Parameter] ?? throw ApiException.Missing(Parameter, "an array of messages");
        if (messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0)
        {
            throw ApiException.Invalid(Parameter, "messages must be an array of at least one message.");
        }

        json.WriteStartArray(Parameter);
        if (fields["system"] is JsonElement system)
        {
            WriteText("system", ContentBlock.ReadText(system, "system"));
        }

        int index = 0;
        foreach (JsonElement message in messages.EnumerateArray())
        {
            WriteMessage(message, $"messages[{index}]", last: index == messages.GetArrayLength() - 1);
            index++;
        }

        json.WriteEndArray();
    }

    private void WriteMessage(JsonElement message, string path, bool last)
    {
        if (message.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.InvalidType(path, "an object with role and content", RequestFields.Kind(message), Parameter);
        }

        RequestFields fields = new(message, path + ".");
        JsonElement content = fields["content"] ?? throw ApiException.Invalid(Parameter, $"{path}.content is missing.");
        path += ".content";
        switch (fields.Text("role"))
        {
            case "user" when content.ValueKind == JsonValueKind.Array:
                WriteUser(ContentBlock.ReadAll(content, path), path);
                break;
            case "assistant" when last:
                throw ApiException.Invalid(
                    Parameter, "The last message is the assistant's; continuing it is not supported. End with a message of the user.", "unsupported_value");
            case "assistant" when content.ValueKind == JsonValueKind.Array:
                WriteAssistant(ContentBlock.ReadAll(content, path));
                break;
            case "user" or "assistant" or "system":
                WriteText(fields.Text("role")!, ContentBlock.ReadText(content, path));
                break;
            default:
                throw ApiException.Invalid(Parameter, $"{path[..^".content".Length]}.role must be \"user\", \"assistant\" or \"system\".");
        }
    }

    private void WriteText(string role, string text)
    {
        json.WriteStartObject();
        json.WriteString("role"u8, role);
        json.WriteString("content"u8, text);
        json.WriteEndObject();
    }

    private void WriteUser(List<ContentBlock> blocks, string path)
    {
        if (blocks.Count == 0)
        {
            throw ApiException.Invalid(Parameter, $"{path} must hold at least one block.");
        }

        List<string> texts = [];
        foreach (ContentBlock block in blocks)
        {
            switch (block.Type)
            {
                case "text":
                    texts.Add(block.Text("text"));
                    break;
                case "tool_result":
                    Flush();
                    WriteResult(block);
                    break;
                default:
                    throw block.Refuse("text, tool_result");
            }
        }

        Flush();

        void Flush()
        {
            if (texts.Count > 0)
            {
                WriteText("user", string.Join('\n', texts));
                texts.Clear();
            }
        }
    }

    private void WriteResult(ContentBlock block)
    {
        string id = block.Text("tool_use_id");
        if (!_calls.Contains(id))
        {
            throw ApiException.Invalid(Parameter, $"{block.Path}.tool_use_id is the id of no tool_use block in an earlier message.");
        }

        string text = block.Fields["content"] is JsonElement content ? ContentBlock.ReadText(content, block.Path + ".content") : "";
        json.WriteStartObject();
        json.WriteString("role"u8, "tool"u8);
        json.WriteString("tool_call_id"u8, id);
        // Chat templates know no errors of tools, so the text has to say it.
        json.WriteString("content"u8, block.Fields.Bool("is_error") is true ? "Error: " + text : text);
        json.WriteEndObject();
    }

    private void WriteAssistant(List<ContentBlock> blocks)
    {
        List<string> texts = [], thoughts = [];
        List<ContentBlock> calls = [];
        foreach (ContentBlock block in blocks)
        {
            switch (block.Type)
            {
                case "text":
                    texts.Add(block.Text("text"));
                    break;
                case "thinking":
                    thoughts.Add(block.Text("thinking"));
                    break;
                case "redacted_thinking":
                    break;
                case "tool_use":
                    calls.Add(block);
                    break;
                default:
                    throw block.Refuse("text, thinking, redacted_thinking, tool_use");
            }
        }

        json.WriteStartObject();
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("content"u8, string.Join('\n', texts));
        if (thoughts.Count > 0)
        {
            json.WriteString("reasoning_content"u8, string.Join('\n', thoughts));
        }

        if (calls.Count > 0)
        {
            json.WriteStartArray("tool_calls"u8);
            calls.ForEach(WriteCall);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private void WriteCall(ContentBlock block)
    {
        string id = block.Text("id");
        JsonElement input = block.Fields["input"] is { ValueKind: JsonValueKind.Object } arguments
            ? arguments
            : throw ApiException.Invalid(Parameter, $"{block.Path}.input must be an object.");
        _calls.Add(id);
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("type"u8, "function"u8);
        json.WriteStartObject("function"u8);
        json.WriteString("name"u8, block.Text("name"));
        json.WriteString("arguments"u8, input.GetRawText());
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
