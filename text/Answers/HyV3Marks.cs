using System.Text.RegularExpressions;
using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Text.Answers;

/// <summary>
/// The marks that models of type hy_v3 write around reasoning and tool calls. Each of them is one token, and all of them end with the same suffix:
/// <c>&lt;think:opensource&gt;</c>.
/// </summary>
/// <param name="Suffix">The suffix with its colon; empty if the model's tokens have none.</param>
public sealed partial record HyV3Marks(string Suffix)
{
    private static readonly string[] Names =
        ["think", "/think", "tool_calls", "/tool_calls", "tool_call", "/tool_call", "tool_sep", "arg_key", "/arg_key", "arg_value", "/arg_value"];

    /// <summary>Begins the reasoning.</summary>
    public string Think { get; } = $"<think{Suffix}>";

    /// <summary>Ends the reasoning.</summary>
    public string EndThink { get; } = $"</think{Suffix}>";

    /// <summary>Begins the calls of an answer.</summary>
    public string ToolCalls { get; } = $"<tool_calls{Suffix}>";

    /// <summary>Ends the calls of an answer.</summary>
    public string EndToolCalls { get; } = $"</tool_calls{Suffix}>";

    /// <summary>Begins a call with the name of the function.</summary>
    public string ToolCall { get; } = $"<tool_call{Suffix}>";

    /// <summary>Ends a call.</summary>
    public string EndToolCall { get; } = $"</tool_call{Suffix}>";

    /// <summary>Ends the name of the function.</summary>
    public string ToolSeparator { get; } = $"<tool_sep{Suffix}>";

    /// <summary>Begins the name of an argument.</summary>
    public string ArgumentKey { get; } = $"<arg_key{Suffix}>";

    /// <summary>Ends the name of an argument.</summary>
    public string EndArgumentKey { get; } = $"</arg_key{Suffix}>";

    /// <summary>Begins the value of an argument.</summary>
    public string ArgumentValue { get; } = $"<arg_value{Suffix}>";

    /// <summary>Ends the value of an argument.</summary>
    public string EndArgumentValue { get; } = $"</arg_value{Suffix}>";

    /// <summary>Finds the marks of a model: from its tokens, or from its template if the tokens have none.</summary>
    /// <param name="template">The model's template.</param>
    /// <param name="tokenizer">The model's tokenizer; null if it is not known.</param>
    public static HyV3Marks Of(ChatTemplate template, Tokenizer? tokenizer)
    {
        foreach (AddedToken token in tokenizer?.Definition.AddedTokens ?? [])
        {
            if (ThinkMark().Match(token.Text) is { Success: true } mark)
            {
                return new HyV3Marks(mark.Groups[1].Value);
            }
        }

        return new HyV3Marks(AssistantToken().Match(template.Source) is { Success: true } found ? found.Groups[1].Value : "");
    }

    /// <summary>Whether a token is a mark, with any suffix. Marks are part of an answer's text even if the vocabulary calls them special.</summary>
    internal static bool IsMark(string token)
    {
        if (token is not ['<', .., '>'])
        {
            return false;
        }

        ReadOnlySpan<char> inner = token.AsSpan(1, token.Length - 2);
        int colon = inner.IndexOf(':');
        ReadOnlySpan<char> name = colon < 0 ? inner : inner[..colon];
        foreach (string known in Names)
        {
            if (name.SequenceEqual(known))
            {
                return true;
            }
        }

        return false;
    }

    [GeneratedRegex("^<think(:[^<>]+)?>$")]
    private static partial Regex ThinkMark();

    [GeneratedRegex("hy_Assistant(:[A-Za-z0-9_.-]+)｜")]
    private static partial Regex AssistantToken();
}
