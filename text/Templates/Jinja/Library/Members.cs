using System.Numerics;
using HunyuanOrleans.Text.Templates.Jinja.Runtime;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Library;

/// <summary>
/// Resolves <c>a.b</c> and <c>a[b]</c>. As in Jinja2, a dot looks for a method first and a key second, and brackets for a key first and a
/// method second. A missing member is undefined.
/// </summary>
internal static class Members
{
    public static Value Attribute(RenderContext context, Value target, string name)
    {
        UndefinedValue.ThrowIfUndefined(target);
        return Method(context, target, name)
            ?? (target is DictValue dict ? dict.Find(StringValue.FromTemplate(name)) : null)
            ?? UndefinedValue.Member(target, $"'{name}'");
    }

    public static Value Item(RenderContext context, Value target, Value index)
    {
        UndefinedValue.ThrowIfUndefined(target);
        Value? found = target switch
        {
            DictValue dict => dict.Find(index),
            SequenceValue sequence when ResolveIndex(index, sequence.Items.Count) is { } at => sequence.Items[at],
            StringValue text when Numbers.TryInt(index, out _) => Slicing.CharacterAt(text, index),
            _ => null,
        };
        if (found is not null)
        {
            return found;
        }

        return (index is StringValue name ? Method(context, target, name.Text) : null)
            ?? UndefinedValue.Member(target, ValueFormatter.Repr(context.Budget, index).Text);
    }

    /// <summary>Follows a dotted path of names and indexes, as map, sort and selectattr take it.</summary>
    public static Value FollowPath(RenderContext context, Value target, Value path)
    {
        if (path is not StringValue text)
        {
            return Item(context, target, path);
        }

        foreach (string part in text.Text.Split('.'))
        {
            Value key = part.Length is > 0 and < 10 && part.AsSpan().IndexOfAnyExceptInRange('0', '9') < 0
                ? new IntValue(int.Parse(part, System.Globalization.CultureInfo.InvariantCulture))
                : StringValue.FromTemplate(part);
            target = Item(context, target, key);
        }

        return target;
    }

    /// <summary>The index counted from the start; null if it is not an integer or is out of range.</summary>
    public static int? ResolveIndex(Value index, int count)
    {
        if (!Numbers.TryInt(index, out BigInteger number))
        {
            return null;
        }

        BigInteger at = number.Sign < 0 ? number + count : number;
        return at >= 0 && at < count ? (int)at : null;
    }

    private static Value? Method(RenderContext context, Value target, string name) => target switch
    {
        StringValue text => StringMethods.Find(context, text, name),
        DictValue dict => DictMethods.Find(context, dict, name),
        ListValue list => ListMethods.Find(context, list, name),
        TupleValue tuple => ListMethods.FindReadOnly(context, tuple, name),
        NamespaceValue space => space.Attributes.GetValueOrDefault(name),
        LoopValue loop => loop.Attribute(name),
        CallableValue callable when name == "name" => StringValue.FromTemplate(callable.Name),
        _ => null,
    };
}
