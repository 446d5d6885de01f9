namespace HunyuanOrleans.Server.Tools;

/// <summary>What a piece of an answer turns out to be.</summary>
internal enum ToolEventKind
{
    /// <summary>Text for the user.</summary>
    Content,

    /// <summary>A call begins; the text is the function's name.</summary>
    Begin,

    /// <summary>More of the current call's arguments.</summary>
    Arguments,
}
