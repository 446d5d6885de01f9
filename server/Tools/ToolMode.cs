namespace HunyuanOrleans.Server.Tools;

/// <summary>Whether an answer calls tools.</summary>
internal enum ToolMode
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>The model decides.</summary>
    Auto,

    /// <summary>It calls at least one.</summary>
    Required,

    /// <summary>It calls the named one.</summary>
    Named,
}
