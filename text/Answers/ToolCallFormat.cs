using System.Text.Json;
using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Text.Answers;

/// <summary>How a family of models writes tool calls.</summary>
/// <param name="Marks">The marks of models of type hy_v3; null for the earlier families, which write a JSON list.</param>
public sealed record ToolCallFormat(HyV3Marks? Marks)
{
    /// <summary>A JSON list between <see cref="ToolCallParser.Open"/> and <see cref="ToolCallParser.Close"/>.</summary>
    public static ToolCallFormat JsonList { get; } = new((HyV3Marks?)null);

    /// <summary>Finds the format that a chat template describes.</summary>
    /// <param name="template">The model's template; null if it has none.</param>
    /// <param name="tokenizer">The model's tokenizer; null if it is not known.</param>
    public static ToolCallFormat Of(ChatTemplate? template, Tokenizer? tokenizer) =>
        template is not null && template.Source.Contains("tool_sep", StringComparison.Ordinal) && template.Source.Contains("arg_key", StringComparison.Ordinal)
            ? new ToolCallFormat(HyV3Marks.Of(template, tokenizer))
            : JsonList;

    /// <summary>Creates the parser of one answer.</summary>
    /// <param name="maxCalls">The most calls to report. Further calls are ignored.</param>
    /// <param name="callsOnly">Whether the answer must consist of calls. Then other text is not content.</param>
    /// <param name="parameters">Finds the JSON schema of a function's arguments by its name; it returns null if there is none.</param>
    public IToolCallParser CreateParser(int maxCalls, bool callsOnly, Func<string, JsonElement?> parameters) => Marks is null
        ? new ToolCallParser(maxCalls, callsOnly)
        : new TaggedToolCallParser(Marks, parameters, maxCalls, callsOnly);
}
