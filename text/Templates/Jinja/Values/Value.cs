namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>
/// A value inside a template. There are only these kinds, made of JSON-like data: no .NET object is ever reachable from a template.
/// </summary>
internal abstract class Value
{
    /// <summary>The name Python gives the type, for messages.</summary>
    public abstract string TypeName { get; }

    public virtual bool IsTrue => true;
}
