namespace HunyuanOrleans.Text.Tools;

/// <summary>A piece of an answer that may call tools.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text.</param>
/// <param name="Call">Which call of the answer, from 0.</param>
/// <param name="Id">The call's id, where it begins.</param>
public readonly record struct ToolEvent(ToolEventKind Kind, string Text, int Call, string? Id)
{
    /// <summary>Text for the user.</summary>
    public static ToolEvent Content(string text) => new(ToolEventKind.Content, text, 0, null);
}
