namespace HunyuanOrleans.Text.Tools;

/// <summary>A piece of an answer that may contain tool calls.</summary>
/// <param name="Kind">The kind of the piece.</param>
/// <param name="Text">The text, as <see cref="ToolCallEventKind"/> describes it.</param>
/// <param name="Call">The index of the call within the answer, from 0; 0 for content.</param>
/// <param name="Id">The id of the call in <see cref="ToolCallEventKind.Begin"/>; otherwise null.</param>
public readonly record struct ToolCallEvent(ToolCallEventKind Kind, string Text, int Call, string? Id)
{
    /// <summary>Creates an event for text that the user sees.</summary>
    public static ToolCallEvent Content(string text) => new(ToolCallEventKind.Content, text, 0, null);
}
