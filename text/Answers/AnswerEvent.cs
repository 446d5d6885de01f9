namespace HunyuanOrleans.Text.Answers;

/// <summary>A piece of an answer: of its reasoning, of the text for the user, or of a tool call.</summary>
/// <param name="Kind">The kind of the piece.</param>
/// <param name="Text">The text, as <see cref="AnswerEventKind"/> describes it.</param>
/// <param name="Call">The index of the call within the answer, from 0; 0 for other kinds.</param>
/// <param name="Id">The id of the call in <see cref="AnswerEventKind.CallBegin"/>; otherwise null.</param>
public readonly record struct AnswerEvent(AnswerEventKind Kind, string Text, int Call = 0, string? Id = null)
{
    /// <summary>Creates an event for text that the user sees.</summary>
    public static AnswerEvent Content(string text) => new(AnswerEventKind.Content, text);

    /// <summary>Creates an event for reasoning.</summary>
    public static AnswerEvent Reasoning(string text) => new(AnswerEventKind.Reasoning, text);
}
