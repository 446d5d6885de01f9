namespace HunyuanOrleans.Text.Tools;

/// <summary>The kind of a piece of an answer.</summary>
public enum ToolCallEventKind
{
    /// <summary>Text that the user sees.</summary>
    Content,

    /// <summary>The beginning of a call. The text is the name of the function.</summary>
    Begin,

    /// <summary>The next part of the current call's arguments, as JSON.</summary>
    Arguments,
}
