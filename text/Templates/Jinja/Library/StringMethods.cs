using HunyuanOrleans.Text.Templates.Jinja.Runtime;
using HunyuanOrleans.Text.Templates.Jinja.Text;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Library;

/// <summary>The methods of strings. Results keep the origins of the characters they consist of.</summary>
internal static class StringMethods
{
    private delegate Value Method(RenderContext context, OriginText text, Arguments arguments);

    private static readonly Dictionary<string, Method> Table = new()
    {
        ["upper"] = (_, s, a) => Map(a, "upper", s, s.Text.ToUpperInvariant()),
        ["lower"] = (_, s, a) => Map(a, "lower", s, s.Text.ToLowerInvariant()),
        ["casefold"] = (_, s, a) => Map(a, "casefold", s, s.Text.ToLowerInvariant()),
        ["title"] = (_, s, a) => Map(a, "title", s, PythonText.TitleCase(s.Text)),
        ["capitalize"] = (_, s, a) => Map(a, "capitalize", s, PythonText.Capitalize(s.Text)),
        ["strip"] = (_, s, a) => Strip(s, a, "strip", left: true, right: true),
        ["lstrip"] = (_, s, a) => Strip(s, a, "lstrip", left: true, right: false),
        ["rstrip"] = (_, s, a) => Strip(s, a, "rstrip", left: false, right: true),
        ["split"] = (c, s, a) => Split(c, s, a, "split", fromRight: false),
        ["rsplit"] = (c, s, a) => Split(c, s, a, "rsplit", fromRight: true),
        ["splitlines"] = (c, s, a) => SplitLines(c, s, a),
        ["partition"] = (_, s, a) => Partition(s, a, "partition", last: false),
        ["rpartition"] = (_, s, a) => Partition(s, a, "rpartition", last: true),
        ["startswith"] = (_, s, a) => BoolValue.Of(HasAffix(s, a, "startswith", static (t, p) => t.StartsWith(p, StringComparison.Ordinal))),
        ["endswith"] = (_, s, a) => BoolValue.Of(HasAffix(s, a, "endswith", static (t, p) => t.EndsWith(p, StringComparison.Ordinal))),
        ["removeprefix"] = (_, s, a) => RemoveAffix(s, a, "removeprefix", prefix: true),
        ["removesuffix"] = (_, s, a) => RemoveAffix(s, a, "removesuffix", prefix: false),
        ["replace"] = (c, s, a) => Replace(c, s, a.Bind("replace", 2, "old", "new", "count")),
        ["join"] = (c, s, a) => Join(c, s, c.Iterate(a.Bind("join", 1, "iterable")[0]!)),
        ["format"] = (c, s, a) => StringFormat.Format(c, s, a),
        ["find"] = (_, s, a) => new IntValue(IndexOf(s, a, "find", last: false)),
        ["rfind"] = (_, s, a) => new IntValue(IndexOf(s, a, "rfind", last: true)),
        ["index"] = (_, s, a) => ThrowIfNotFound(IndexOf(s, a, "index", last: false)),
        ["rindex"] = (_, s, a) => ThrowIfNotFound(IndexOf(s, a, "rindex", last: true)),
        ["count"] = (c, s, a) => new IntValue(Count(c, s, a.Bind("count", 1, "sub"))),
        ["isdigit"] = (_, s, a) => All(s, a, "isdigit", char.IsDigit),
        ["isnumeric"] = (_, s, a) => All(s, a, "isnumeric", char.IsNumber),
        ["isalpha"] = (_, s, a) => All(s, a, "isalpha", char.IsLetter),
        ["isalnum"] = (_, s, a) => All(s, a, "isalnum", char.IsLetterOrDigit),
        ["isspace"] = (_, s, a) => All(s, a, "isspace", PythonText.IsSpace),
        ["isupper"] = (_, s, a) => Cased(s, a, "isupper", char.IsUpper, char.IsLower),
        ["islower"] = (_, s, a) => Cased(s, a, "islower", char.IsLower, char.IsUpper),
    };

    public static Value? Find(RenderContext context, StringValue text, string name)
    {
        if (!Table.TryGetValue(name, out Method? method))
        {
            return null;
        }

        return new CallableValue(name, arguments =>
        {
            int part = arguments.Positional.Count > 0 && arguments.Positional[0] is StringValue searched ? searched.Text.Length : 0;
            context.Budget.ChargeSearch(text.Text.Length, part);
            return method(context, text.OriginText, arguments);
        });
    }

    /// <summary>Removes white space, or the given characters, from the ends.</summary>
    public static OriginText Strip(OriginText text, string? characters, bool left, bool right)
    {
        int start = 0;
        int end = text.Length;
        while (left && start < end && IsStripped(text.Text[start]))
        {
            start++;
        }

        while (right && end > start && IsStripped(text.Text[end - 1]))
        {
            end--;
        }

        return text.Slice(start, end - start);

        bool IsStripped(char c) => characters is null ? PythonText.IsSpace(c) : characters.Contains(c, StringComparison.Ordinal);
    }

    public static StringValue Replace(RenderContext context, OriginText text, BoundArguments bound)
    {
        OriginText old = bound.Text(0) ?? throw new EvaluationException("replace needs a string to look for, not none");
        context.Budget.ChargeSearch(text.Length, old.Length);
        OriginText fresh = bound.Text(1) ?? throw new EvaluationException("replace needs a string to put in, not none");
        int left = bound.Int(2) is { } limit and >= 0 ? limit : int.MaxValue;
        OriginTextBuilder builder = context.CreateBuilder();
        int at = 0;
        if (old.Length == 0)
        {
            for (; left > 0 && at <= text.Length; left--)
            {
                builder.Append(fresh);
                int units = at < text.Length ? PythonText.CodeUnitsAt(text.Text, at) : 1;
                builder.Append(text, at, Math.Min(units, text.Length - at));
                at += units;
            }
        }
        else
        {
            for (int hit; left > 0 && (hit = text.Text.IndexOf(old.Text, at, StringComparison.Ordinal)) >= 0; left--)
            {
                builder.Append(text, at, hit - at);
                builder.Append(fresh);
                at = hit + old.Length;
            }
        }

        builder.Append(text, Math.Min(at, text.Length), Math.Max(0, text.Length - at));
        return new StringValue(builder.ToText());
    }

    public static StringValue Join(RenderContext context, OriginText separator, List<Value> items)
    {
        OriginTextBuilder builder = context.CreateBuilder();
        for (int i = 0; i < items.Count; i++)
        {
            if (items[i] is not StringValue text)
            {
                UndefinedValue.ThrowIfUndefined(items[i]);
                throw new EvaluationException($"join needs strings, found {items[i].TypeName} at index {i}; the filter 'join' takes any values");
            }

            builder.Append(i == 0 ? OriginText.Empty : separator);
            builder.Append(text.OriginText);
        }

        return new StringValue(builder.ToText());
    }

    public static List<OriginText> SplitLines(RenderContext context, OriginText text, bool keepEnds)
    {
        List<OriginText> lines = [];
        for (int start = 0; start < text.Length;)
        {
            int end = start;
            while (end < text.Length && !PythonText.IsLineBreak(text.Text[end]))
            {
                end++;
            }

            int next = Math.Min(text.Length, end + (text.Text.AsSpan(end).StartsWith("\r\n", StringComparison.Ordinal) ? 2 : 1));
            context.Budget.Step();
            lines.Add(text.Slice(start, (keepEnds ? next : end) - start));
            start = next;
        }

        return lines;
    }

    private static StringValue Map(Arguments arguments, string name, OriginText text, string mapped)
    {
        arguments.Bind(name, 0);
        return new StringValue(text.WithChars(mapped));
    }

    private static StringValue Strip(OriginText text, Arguments arguments, string name, bool left, bool right) =>
        new(Strip(text, arguments.Bind(name, 0, "chars").Text(0)?.Text, left, right));

    private static ListValue Split(RenderContext context, OriginText text, Arguments arguments, string name, bool fromRight)
    {
        BoundArguments bound = arguments.Bind(name, 0, "sep", "maxsplit");
        OriginText? separator = bound.Text(0);
        int limit = bound.Int(1) is { } given and >= 0 ? given : int.MaxValue;
        if (separator is { Length: 0 })
        {
            throw new EvaluationException($"{name} needs a separator that is not empty");
        }

        List<Value> parts = [];
        foreach ((int start, int length) in separator is null
            ? StringSplitter.AtWhiteSpace(text.Text, limit, fromRight)
            : StringSplitter.AtSeparator(text.Text, separator.Text, limit, fromRight))
        {
            context.Budget.Step();
            parts.Add(new StringValue(text.Slice(start, length)));
        }

        return new ListValue(parts);
    }

    private static ListValue SplitLines(RenderContext context, OriginText text, Arguments arguments)
    {
        bool keepEnds = arguments.Bind("splitlines", 0, "keepends").Bool(0);
        return new ListValue([.. SplitLines(context, text, keepEnds).Select(static line => new StringValue(line))]);
    }

    private static TupleValue Partition(OriginText text, Arguments arguments, string name, bool last)
    {
        OriginText separator = arguments.Bind(name, 1, "sep").Text(0) is { Length: > 0 } given
            ? given
            : throw new EvaluationException($"{name} needs a separator that is not empty");
        int at = last
            ? text.Text.LastIndexOf(separator.Text, StringComparison.Ordinal)
            : text.Text.IndexOf(separator.Text, StringComparison.Ordinal);
        if (at < 0)
        {
            Value whole = new StringValue(text);
            return new TupleValue(last ? [StringValue.Empty, StringValue.Empty, whole] : [whole, StringValue.Empty, StringValue.Empty]);
        }

        int after = at + separator.Length;
        return new TupleValue([
            new StringValue(text.Slice(0, at)),
            new StringValue(text.Slice(at, separator.Length)),
            new StringValue(text.Slice(after, text.Length - after))]);
    }

    private static bool HasAffix(OriginText text, Arguments arguments, string name, Func<string, string, bool> has)
    {
        Value affix = arguments.Bind(name, 1, "affix")[0]!;
        UndefinedValue.ThrowIfUndefined(affix);
        List<Value> candidates = affix is TupleValue tuple ? tuple.Items : [affix];
        foreach (Value candidate in candidates)
        {
            if (candidate is not StringValue part)
            {
                throw new EvaluationException($"{name} needs a string or a tuple of strings, not {candidate.TypeName}");
            }

            if (has(text.Text, part.Text))
            {
                return true;
            }
        }

        return false;
    }

    private static StringValue RemoveAffix(OriginText text, Arguments arguments, string name, bool prefix)
    {
        string affix = arguments.Bind(name, 1, "affix").Text(0)?.Text ?? throw new EvaluationException($"{name} needs a string, not none");
        bool has = prefix ? text.Text.StartsWith(affix, StringComparison.Ordinal) : text.Text.EndsWith(affix, StringComparison.Ordinal);
        return new StringValue(has ? text.Slice(prefix ? affix.Length : 0, text.Length - affix.Length) : text);
    }

    private static int IndexOf(OriginText text, Arguments arguments, string name, bool last)
    {
        string part = arguments.Bind(name, 1, "sub").Text(0)?.Text ?? throw new EvaluationException($"{name} needs a string, not none");
        int at = last ? text.Text.LastIndexOf(part, StringComparison.Ordinal) : text.Text.IndexOf(part, StringComparison.Ordinal);
        return at < 0 ? -1 : PythonText.CodePointCount(text.Text[..at]);
    }

    private static IntValue ThrowIfNotFound(int index) =>
        index < 0 ? throw new EvaluationException("index: the substring is not found") : new IntValue(index);

    private static int Count(RenderContext context, OriginText text, BoundArguments bound)
    {
        string part = bound.Text(0)?.Text ?? throw new EvaluationException("count needs a string, not none");
        int count = 0;
        for (int at = 0; part.Length > 0 && (at = text.Text.IndexOf(part, at, StringComparison.Ordinal)) >= 0; at += part.Length)
        {
            context.Budget.Step();
            count++;
        }

        return part.Length == 0 ? PythonText.CodePointCount(text.Text) + 1 : count;
    }

    private static BoolValue All(OriginText text, Arguments arguments, string name, Func<char, bool> holds)
    {
        arguments.Bind(name, 0);
        return BoolValue.Of(text.Length > 0 && text.Text.All(holds));
    }

    private static BoolValue Cased(OriginText text, Arguments arguments, string name, Func<char, bool> needed, Func<char, bool> forbidden)
    {
        arguments.Bind(name, 0);
        return BoolValue.Of(text.Text.Any(needed) && !text.Text.Any(forbidden));
    }
}
