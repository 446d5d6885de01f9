using System.Text;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>
/// Writes multiple-choice questions: with lettered choices, of which the letter is the answer (as MMLU and C-Eval are asked), or
/// without, so that the text of a choice is the answer (as ARC is asked). As a text to continue, a question ends with
/// Answer: or, if it contains Chinese, with 答案：.
/// </summary>
/// <param name="ByLetter">Whether the letter of a choice is the answer.</param>
internal sealed record ChoicePrompt(bool ByLetter)
{
    private const char FirstChinese = '\u4e00', LastChinese = '\u9fff';

    /// <summary>The text that a choice continues.</summary>
    /// <param name="shots">Questions with their answers that come first.</param>
    /// <param name="item">The question.</param>
    public string Context(IEnumerable<ChoiceItem> shots, ChoiceItem item)
    {
        StringBuilder text = new();
        foreach (ChoiceItem shot in shots)
        {
            text.Append(Question(shot)).Append(Cue(shot)).Append(Continuation(shot, shot.Answer)).Append("\n\n");
        }

        return text.Append(Question(item)).Append(Cue(item)).ToString();
    }

    /// <summary>What follows the context if a choice is the answer.</summary>
    public string Continuation(ChoiceItem item, int choice) => (IsChinese(item) ? "" : " ") + Answer(item, choice);

    /// <summary>The answer alone: the letter or the text of a choice.</summary>
    public string Answer(ChoiceItem item, int choice) => ByLetter ? ChoiceItem.Letter(choice) : item.Choices[choice];

    /// <summary>The question, with its choices if they have letters.</summary>
    public string Question(ChoiceItem item)
    {
        StringBuilder text = new(item.Question.Trim());
        for (int i = 0; ByLetter && i < item.Choices.Length; i++)
        {
            text.Append('\n').Append(ChoiceItem.Letter(i)).Append(". ").Append(item.Choices[i]);
        }

        return text.ToString();
    }

    private static string Cue(ChoiceItem item) => IsChinese(item) ? "\n答案：" : "\nAnswer:";

    private static bool IsChinese(ChoiceItem item) => item.Question.AsSpan().ContainsAnyInRange(FirstChinese, LastChinese);
}
