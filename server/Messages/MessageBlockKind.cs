namespace HunyuanOrleans.Server.Messages;

/// <summary>The kind of the block that a stream is in.</summary>
internal enum MessageBlockKind
{
    /// <summary>No block is open.</summary>
    None,

    /// <summary>Text for the user.</summary>
    Text,

    /// <summary>Reasoning.</summary>
    Thinking,

    /// <summary>A call of a tool.</summary>
    ToolUse,
}
