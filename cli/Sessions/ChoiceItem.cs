namespace HunyuanOrleans.Cli.Sessions;

/// <summary>A multiple-choice question.</summary>
/// <param name="Question">The question.</param>
/// <param name="Choices">The choices, at least two.</param>
/// <param name="Answer">The index of the right choice.</param>
/// <param name="Subject">What the question is about; null if the file does not say.</param>
internal sealed record ChoiceItem(string Question, string[] Choices, int Answer, string? Subject)
{
    /// <summary>Most choices of a question: as many as there are letters.</summary>
    public const int MaxChoices = 26;

    /// <summary>The letter of a choice.</summary>
    public static string Letter(int choice) => ((char)('A' + choice)).ToString();
}
