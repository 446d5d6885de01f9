using System.Text.Json;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Text.Answers;

namespace HunyuanOrleans.Server.Tools;

/// <summary>
/// The tools of a request, and whether the model may or must call them: the parameters tools, tool_choice and parallel_tool_calls.
/// </summary>
/// <param name="Tools">The tools.</param>
/// <param name="Mode">Whether tools may or must be called.</param>
/// <param name="Name">The named function, if any.</param>
/// <param name="Single">Whether a choice holds at most one call.</param>
internal sealed record ToolChoice(IReadOnlyList<ToolSpec> Tools, ToolMode Mode, string? Name, bool Single)
{
    private const int MaxTools = 128, MaxNameLength = 64;

    /// <summary>A request without tools.</summary>
    public static ToolChoice None { get; } = new([], ToolMode.None, null, false);

    /// <summary>How the model writes calls. Default: as a JSON list.</summary>
    public ToolCallFormat Format { get; init; } = ToolCallFormat.JsonList;

    /// <summary>Whether the text of a choice is parsed for calls.</summary>
    public bool MayCall => Mode != ToolMode.None;

    /// <summary>Whether a choice must call a tool.</summary>
    public bool MustCall => Mode is ToolMode.Required or ToolMode.Named;

    /// <summary>The tools that may be called.</summary>
    public IReadOnlyList<ToolSpec> Callable => Name is null ? Tools : [.. Tools.Where(tool => tool.Name == Name)];

    /// <summary>The JSON schema of a function's arguments; null if there is none.</summary>
    public JsonElement? ParametersOf(string name) => Tools.FirstOrDefault(tool => tool.Name == name)?.Parameters;

    /// <summary>The tools that the chat template receives; null for none.</summary>
    public IReadOnlyList<JsonElement>? TemplateTools => MayCall ? [.. Tools.Select(tool => tool.Json)] : null;

    /// <summary>Reads the parameters.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="flat">Whether functions are described beside their type, as in responses, not in an object of their own, as in chats.</param>
    /// <exception cref="ApiException">A parameter is invalid.</exception>
    public static ToolChoice Read(RequestFields fields, bool flat = false)
    {
        IReadOnlyList<ToolSpec> tools = ReadTools(fields, flat);
        (ToolMode mode, string? name) = fields["tool_choice"] switch
        {
            null => (tools.Count > 0 ? ToolMode.Auto : ToolMode.None, null),
            { ValueKind: JsonValueKind.String } word => (ReadMode(word.GetString()!), null),
            { ValueKind: JsonValueKind.Object } named => (ToolMode.Named, ReadName(new RequestFields(named, "tool_choice."), flat)),
            { } other => throw ApiException.InvalidType("tool_choice", "\"none\", \"auto\", \"required\" or a function", RequestFields.Kind(other)),
        };
        if (mode is ToolMode.Required or ToolMode.Named && tools.Count == 0)
        {
            throw ApiException.Invalid("tool_choice", "tool_choice asks for a call, but tools is empty.");
        }

        if (name is not null && !tools.Any(tool => tool.Name == name))
        {
            throw ApiException.Invalid("tool_choice", "tool_choice names a function that is not in tools.");
        }

        // A named function is called once, as in OpenAI's API.
        bool single = fields.Bool("parallel_tool_calls") is false || mode == ToolMode.Named;
        return new ToolChoice(tools, tools.Count == 0 ? ToolMode.None : mode, name, single);
    }

    private static ToolMode ReadMode(string word) => word switch
    {
        "none" => ToolMode.None,
        "auto" => ToolMode.Auto,
        "required" => ToolMode.Required,
        _ => throw ApiException.Invalid("tool_choice", "tool_choice must be \"none\", \"auto\", \"required\" or a function."),
    };

    private static string ReadName(RequestFields choice, bool flat)
    {
        if (choice.Text("type") is not "function")
        {
            throw ApiException.Invalid("tool_choice", "tool_choice.type must be \"function\".");
        }

        return (flat ? choice : choice.Object("function"))?.Text("name")
            ?? throw ApiException.Invalid("tool_choice", $"tool_choice.{(flat ? "" : "function.")}name is missing.");
    }

    private static List<ToolSpec> ReadTools(RequestFields fields, bool flat)
    {
        if (fields["tools"] is not JsonElement json)
        {
            return [];
        }

        if (json.ValueKind != JsonValueKind.Array || json.GetArrayLength() > MaxTools)
        {
            throw ApiException.Invalid("tools", $"tools must be an array of at most {MaxTools} functions.");
        }

        List<ToolSpec> tools = [];
        foreach (JsonElement tool in json.EnumerateArray())
        {
            tools.Add(ReadTool(tool, $"tools[{tools.Count}]", flat));
        }

        return tools;
    }

    private static ToolSpec ReadTool(JsonElement tool, string path, bool flat)
    {
        RequestFields fields = new(tool, path + ".");
        string? type = tool.ValueKind == JsonValueKind.Object ? fields.Text("type") : null;
        if (type != "function")
        {
            throw flat && type is not null
                ? ApiException.Invalid("tools", $"{path} is the built-in tool \"{type}\"; this server has tools of type \"function\" only.", "unsupported_value")
                : ApiException.Invalid("tools", $"{path} must be an object of type \"function\".");
        }

        RequestFields function = (flat ? fields : fields.Object("function"))
            ?? throw ApiException.Invalid("tools", $"{path}.function is missing.");
        string place = flat ? path : path + ".function";
        string? name = function.Text("name");
        if (name is null || name.Length is 0 or > MaxNameLength || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'))
        {
            throw ApiException.Invalid(
                "tools", $"{place}.name must be 1 to {MaxNameLength} letters, digits, underscores, dots or hyphens.");
        }

        JsonElement? parameters = function["parameters"];
        return parameters is null or { ValueKind: JsonValueKind.Object }
            ? new ToolSpec(name, parameters?.Clone(), flat ? Nest(tool) : tool.Clone(), $"{place}.parameters")
            : throw ApiException.Invalid("tools", $"{place}.parameters must be a JSON schema, an object.");
    }

    /// <summary>A flat tool as in chats, which is what templates expect.</summary>
    private static JsonElement Nest(JsonElement tool)
    {
        using JsonDocument nested = TranslatedRequest.Create(json =>
        {
            json.WriteString("type"u8, "function"u8);
            json.WriteStartObject("function"u8);
            foreach (IGrouping<string, JsonProperty> property in tool.EnumerateObject().Where(static p => !p.NameEquals("type")).GroupBy(static p => p.Name))
            {
                property.Last().WriteTo(json);
            }

            json.WriteEndObject();
        });
        return nested.RootElement.Clone();
    }
}
