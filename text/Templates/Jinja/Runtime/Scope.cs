using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Runtime;

/// <summary>Names of one block. Setting a name never changes an outer block, which is why templates use namespace().</summary>
internal sealed class Scope(Scope? outer)
{
    private Dictionary<string, Value>? names;

    public void Set(string name, Value value) => (names ??= [])[name] = value;

    public Value? Find(string name)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope.names is not null && scope.names.TryGetValue(name, out Value? value))
            {
                return value;
            }
        }

        return null;
    }

    private Scope? Outer => outer;
}
