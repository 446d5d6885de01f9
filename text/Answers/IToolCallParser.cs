namespace HunyuanOrleans.Text.Answers;

/// <summary>Separates tool calls from user-visible text in the text of one answer, incrementally. Not thread-safe.</summary>
public interface IToolCallParser
{
    /// <summary>The number of calls that are complete, and reported.</summary>
    int CompleteCalls { get; }

    /// <summary>Processes the next text of the answer.</summary>
    /// <param name="text">The next piece of text; may be empty.</param>
    /// <param name="last">Whether it is the last piece.</param>
    /// <returns>The events of this text. The list is reused by the next call.</returns>
    IReadOnlyList<AnswerEvent> Append(string text, bool last);
}
