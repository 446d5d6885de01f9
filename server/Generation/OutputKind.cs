namespace HunyuanOrleans.Server.Generation;

/// <summary>The form an answer must have.</summary>
internal enum OutputKind
{
    /// <summary>Any text.</summary>
    Text,

    /// <summary>A JSON object.</summary>
    JsonObject,

    /// <summary>JSON that a schema allows.</summary>
    JsonSchema,

    /// <summary>Text that a regular expression matches.</summary>
    Regex,

    /// <summary>One of some texts.</summary>
    Choice,

    /// <summary>Calls of tools.</summary>
    ToolCalls,
}
