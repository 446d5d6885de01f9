namespace HunyuanOrleans.Server.Responses;

/// <summary>The kind of an item of a response.</summary>
internal enum ResponseItemKind
{
    /// <summary>Reasoning before the answer.</summary>
    Reasoning,

    /// <summary>Text for the user.</summary>
    Message,

    /// <summary>A call of a function.</summary>
    FunctionCall,
}
