namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>
/// A value that a template computes with. The subclasses hold JSON-like data only, so a template can never reach a .NET object.
/// </summary>
internal abstract class Value
{
    /// <summary>The name of the type in Python, used in error messages.</summary>
    public abstract string TypeName { get; }

    public virtual bool IsTrue => true;
}
