namespace HunyuanOrleans.Text.Tools;

/// <summary>What a piece of an answer turns out to be.</summary>
public enum ToolEventKind
{
    /// <summary>Text for the user.</summary>
    Content,

    /// <summary>A call begins; the text is the function's name.</summary>
    Begin,

    /// <summary>More of the current call's arguments.</summary>
    Arguments,
}
