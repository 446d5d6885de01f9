using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Runtime;

/// <summary>The variables of one block. Setting a variable never changes an outer block, which is why templates use namespace().</summary>
internal sealed class Scope(Scope? outer)
{
    private Dictionary<string, Value>? _names;

    public void Set(string name, Value value) => (_names ??= [])[name] = value;

    public Value? Find(string name)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._names is not null && scope._names.TryGetValue(name, out Value? value))
            {
                return value;
            }
        }

        return null;
    }

    private Scope? Outer => outer;
}
