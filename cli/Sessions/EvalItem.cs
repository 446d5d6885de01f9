namespace HunyuanOrleans.Cli.Sessions;

/// <summary>A question with its right answer.</summary>
/// <param name="Input">The user message.</param>
/// <param name="Label">The right answer: names separated by ；.</param>
internal sealed record EvalItem(string Input, string Label)
{
    private const char Separator = '；';

    /// <summary>Whether an answer has exactly the names of the label, in any order.</summary>
    public bool IsCorrect(string answer) => Names(answer).SetEquals(Names(Label));

    private static HashSet<string> Names(string text) =>
        [.. text.Split(Separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
}
