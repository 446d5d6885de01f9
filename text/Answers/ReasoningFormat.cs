using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Text.Answers;

/// <summary>How a family of models marks its reasoning in the text of an answer.</summary>
/// <param name="Name">The name that settings use.</param>
/// <param name="Open">The mark before the reasoning.</param>
/// <param name="Close">The mark after the reasoning.</param>
/// <param name="AnswerOpen">The mark that may follow before the answer; null for none.</param>
/// <param name="AnswerClose">The mark that may end the answer; null for none.</param>
/// <param name="Trims">Whether line breaks between the marks and the text belong to the marks.</param>
/// <param name="ForcedClose">The text that ends the reasoning when its budget is used up, as the model was trained to write it.</param>
public sealed record ReasoningFormat(string Name, string Open, string Close, string? AnswerOpen, string? AnswerClose, bool Trims, string ForcedClose)
{
    private const string HyV3Name = "hy_v3";

    /// <summary>The tokens at the end of a prompt that are decoded: more than a mark and the white space around it take in any vocabulary.</summary>
    private const int PromptEndTokens = 32;

    /// <summary>The format of Hunyuan-A13B and the dense models.</summary>
    public static ReasoningFormat Hunyuan { get; } =
        new("hunyuan", "<think>", "</think>", "<answer>", "</answer>", Trims: true, "\n</think>\n<answer>\n");

    /// <summary>The format of hy_v3 if the model's tokens have no suffix: the answer has no marks, and nothing is trimmed.</summary>
    public static ReasoningFormat HyV3 { get; } = With(new HyV3Marks(""));

    /// <summary>All formats.</summary>
    public static IReadOnlyList<ReasoningFormat> All { get; } = [Hunyuan, HyV3];

    /// <summary>Whether this is the format of hy_v3, with any suffix.</summary>
    public bool IsHyV3 => Name == HyV3Name || Name.StartsWith(HyV3Name + ":", StringComparison.Ordinal);

    /// <summary>Finds the format that a chat template renders; null if it knows no reasoning.</summary>
    /// <param name="template">The model's template; null if it has none.</param>
    /// <param name="tokenizer">The model's tokenizer, which tells the suffix of the marks; null if it is not known.</param>
    public static ReasoningFormat? Of(ChatTemplate? template, Tokenizer? tokenizer = null) =>
        template is null ? null
        : template.Source.Contains("<think", StringComparison.Ordinal) && template.Source.Contains("hy_Assistant", StringComparison.Ordinal)
            ? With(HyV3Marks.Of(template, tokenizer))
        : template.Source.Contains(Hunyuan.Open, StringComparison.Ordinal) ? Hunyuan
        : null;

    /// <summary>Finds a format by its name, that of hy_v3 with any suffix; null if there is none.</summary>
    public static ReasoningFormat? Find(string? name) =>
        name is not null && name.StartsWith(HyV3Name + ":", StringComparison.Ordinal)
            ? With(new HyV3Marks(name[HyV3Name.Length..]))
            : All.FirstOrDefault(format => format.Name == name);

    /// <summary>Finds where an answer begins from the end of its prompt.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="continued">The assistant's text at the end of the prompt, which the answer continues; null if the answer is a new message.</param>
    public ReasoningStart StartAfter(ReadOnlySpan<int> prompt, Tokenizer tokenizer, string? continued = null) =>
        StartAfter(tokenizer.Decode(prompt[^Math.Min(prompt.Length, PromptEndTokens)..]), continued);

    /// <summary>Finds where an answer begins from the text at the end of its prompt.</summary>
    /// <param name="promptEnd">The last text of the prompt, with special tokens.</param>
    /// <param name="continued">The assistant's text at the end of the prompt, which the answer continues; null if the answer is a new message.</param>
    public ReasoningStart StartAfter(string promptEnd, string? continued = null)
    {
        string end = promptEnd.TrimEnd();
        return end.EndsWith(Open, StringComparison.Ordinal) ? ReasoningStart.Inside
            : continued is not null && IsUnended(continued) ? ReasoningStart.Continued
            : end.EndsWith(Close, StringComparison.Ordinal) || (AnswerOpen is not null && end.EndsWith(AnswerOpen, StringComparison.Ordinal)) ? ReasoningStart.After
            : ReasoningStart.Unknown;
    }

    // The name carries the suffix, so that a client finds the same format.
    private static ReasoningFormat With(HyV3Marks marks) =>
        new(HyV3Name + marks.Suffix, marks.Think, marks.EndThink, null, null, Trims: false, marks.EndThink);

    // Only a mark at the beginning of an answer opens reasoning; elsewhere it is text.
    private bool IsUnended(string answer) =>
        answer.TrimStart().StartsWith(Open, StringComparison.Ordinal) && !answer.Contains(Close, StringComparison.Ordinal);
}

/// <summary>Where the text of an answer begins.</summary>
public enum ReasoningStart
{
    /// <summary>The answer may begin with reasoning.</summary>
    Unknown,

    /// <summary>The prompt has opened the reasoning.</summary>
    Inside,

    /// <summary>The prompt has closed the reasoning.</summary>
    After,

    /// <summary>The prompt ends in the middle of the reasoning, so line breaks at the beginning of the answer belong to it.</summary>
    Continued,
}
