using System.Text.Json;
using HunyuanOrleans.Text.Templates.Jinja;
using HunyuanOrleans.Text.Templates.Jinja.Runtime;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates;

/// <summary>Sets the variables of a chat template from its input. All text, including keys, counts as text of the request.</summary>
internal static class ChatVariables
{
    public static void Define(RenderBudget budget, Scope scope, ChatTemplateInput input)
    {
        if (input.Variables is not null)
        {
            foreach ((string name, JsonElement value) in input.Variables)
            {
                scope.Set(name, JsonReader.Read(budget, value, fromTemplate: false));
            }
        }

        scope.Set("messages", new ListValue([.. input.Messages.Select(message => Message(budget, message))]));
        scope.Set("tools", input.Tools is { Count: > 0 } tools
            ? new ListValue([.. tools.Select(tool => JsonReader.Read(budget, tool, fromTemplate: false))])
            : NoneValue.Instance);
        scope.Set("documents", NoneValue.Instance);
        scope.Set("add_generation_prompt", BoolValue.Of(input.AddGenerationPrompt));
    }

    private static DictValue Message(RenderBudget budget, ChatMessage message)
    {
        DictValue dict = new(budget);
        SetText(dict, "role", message.Role);

        // Published templates concatenate content without checking for none.
        SetText(dict, "content", message.Content ?? "");
        SetText(dict, "name", message.Name);
        SetText(dict, "tool_call_id", message.ToolCallId);
        SetText(dict, "reasoning_content", message.ReasoningContent);
        SetText(dict, "reasoning", message.ReasoningContent);
        if (message.ToolCalls is { ValueKind: JsonValueKind.Array } calls)
        {
            Value value = JsonReader.Read(budget, calls, fromTemplate: false);
            foreach (Value call in ((ListValue)value).Items)
            {
                ParseArguments(budget, call);
            }

            dict.Set(StringValue.FromRequest("tool_calls"), value);
        }

        if (message.Extra is not null)
        {
            foreach ((string name, JsonElement value) in message.Extra)
            {
                StringValue key = StringValue.FromRequest(name);
                if (dict.Find(key) is null)
                {
                    dict.Set(key, JsonReader.Read(budget, value, fromTemplate: false));
                }
            }
        }

        return dict;
    }

    private static void SetText(DictValue dict, string name, string? text)
    {
        if (text is not null)
        {
            dict.Set(StringValue.FromRequest(name), StringValue.FromRequest(text));
        }
    }

    private static void ParseArguments(RenderBudget budget, Value call)
    {
        StringValue key = StringValue.FromRequest("arguments");
        if ((call as DictValue)?.Find(StringValue.FromRequest("function")) is not DictValue function || function.Find(key) is not StringValue text)
        {
            return;
        }

        try
        {
            using JsonDocument json = JsonDocument.Parse(SurrogateEscapes.Mend(text.Text));
            if (json.RootElement.ValueKind == JsonValueKind.Object)
            {
                function.Set(key, JsonReader.Read(budget, json.RootElement, fromTemplate: false));
            }
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            // A model may have written arguments that are not JSON. The template then receives the text unchanged.
        }
    }
}
