namespace HunyuanOrleans.Server.Tools;

/// <summary>Whether a choice calls tools.</summary>
internal enum ToolMode
{
    /// <summary>It calls none.</summary>
    None,

    /// <summary>The model decides.</summary>
    Auto,

    /// <summary>It must call at least one.</summary>
    Required,

    /// <summary>It must call the named one.</summary>
    Named,
}
