using HunyuanOrleans.Text.Templates.Jinja.Runtime;
using HunyuanOrleans.Text.Templates.Jinja.Text;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Library;

/// <summary>Filters that return text. Values of other types are converted to text first; undefined becomes the empty string.</summary>
internal static class TextFilters
{
    public static readonly Dictionary<string, Filter> Table = new()
    {
        ["upper"] = (c, v, a) => Map(a, "upper", c.TextOf(v), static s => s.ToUpperInvariant()),
        ["lower"] = (c, v, a) => Map(a, "lower", c.TextOf(v), static s => s.ToLowerInvariant()),
        ["capitalize"] = (c, v, a) => Map(a, "capitalize", c.TextOf(v), PythonText.Capitalize),
        ["title"] = (c, v, a) => Map(a, "title", c.TextOf(v), TitleCase),
        ["string"] = (c, v, a) => Map(a, "string", c.TextOf(v), static s => s),
        ["safe"] = (c, v, a) => Map(a, "safe", c.TextOf(v), static s => s),
        ["trim"] = (c, v, a) => Trim(c, c.TextOf(v), a.Bind("trim", 0, "chars").Text(0)),
        ["replace"] = (c, v, a) => StringMethods.Replace(c, c.TextOf(v), a.Bind("replace", 2, "old", "new", "count")),
        ["indent"] = (c, v, a) => Indent(c, c.TextOf(v), a.Bind("indent", 0, "width", "first", "blank")),
        ["join"] = (c, v, a) => Join(c, v, a.Bind("join", 0, "d", "attribute")),
        ["tojson"] = (c, v, a) => ToJson(c, v, a.Bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys")),
        ["escape"] = Escape,
        ["e"] = Escape,
        ["wordcount"] = (c, v, a) => WordCount(c.TextOf(v), a),
        ["truncate"] = (c, v, a) => Truncate(c, c.TextOf(v), a.Bind("truncate", 0, "length", "killwords", "end", "leeway")),
        ["center"] = (c, v, a) => Center(c, c.TextOf(v), a.Bind("center", 0, "width").Int(0) ?? 80),
    };

    private static StringValue Map(Arguments arguments, string name, OriginText text, Func<string, string> map)
    {
        arguments.Bind(name, 0);
        return new StringValue(text.WithChars(map(text.Text)));
    }

    private static StringValue Trim(RenderContext context, OriginText text, OriginText? characters)
    {
        context.Budget.ChargeSearch(text.Length, characters?.Length ?? 0);
        return new StringValue(StringMethods.Strip(text, characters?.Text, left: true, right: true));
    }

    /// <summary>Jinja2's title filter differs from str.title: a word starts only after white space, a hyphen or an opening bracket.</summary>
    private static string TitleCase(string text)
    {
        char[] chars = text.ToLowerInvariant().ToCharArray();
        for (int i = 0; i < chars.Length; i++)
        {
            if (i == 0 || PythonText.IsSpace(text[i - 1]) || text[i - 1] is '-' or '(' or '{' or '[' or '<')
            {
                chars[i] = char.ToUpperInvariant(text[i]);
            }
        }

        return new string(chars);
    }

    private static StringValue Indent(RenderContext context, OriginText text, BoundArguments bound)
    {
        OriginText margin = bound[0] is StringValue given
            ? given.OriginText
            : new OriginText(new string(' ', Math.Clamp(bound.Int(0) ?? 4, 0, context.Options.MaxOutputChars)), fromTemplate: true);
        bool first = bound.Bool(1);
        bool blank = bound.Bool(2);
        OriginTextBuilder builder = context.CreateBuilder();
        OriginTextBuilder terminated = context.CreateBuilder();
        terminated.Append(text);
        terminated.Append('\n', fromTemplate: true);
        List<OriginText> lines = StringMethods.SplitLines(context, terminated.ToText(), keepEnds: false);
        for (int i = 0; i < lines.Count; i++)
        {
            if (i > 0)
            {
                builder.Append('\n', fromTemplate: true);
            }

            bool indented = i == 0 ? first : blank || lines[i].Length > 0;
            builder.Append(indented ? margin : OriginText.Empty);
            builder.Append(lines[i]);
        }

        return new StringValue(builder.ToText());
    }

    private static StringValue Join(RenderContext context, Value value, BoundArguments bound)
    {
        OriginText separator = bound[0] is null ? OriginText.Empty : context.TextOf(bound[0]!);
        OriginTextBuilder builder = context.CreateBuilder();
        bool first = true;
        foreach (Value item in context.Iterate(value))
        {
            builder.Append(first ? OriginText.Empty : separator);
            builder.Append(context.TextOf(bound[1] is null ? item : Members.FollowPath(context, item, bound[1]!)));
            first = false;
        }

        return new StringValue(builder.ToText());
    }

    private static StringValue ToJson(RenderContext context, Value value, BoundArguments bound)
    {
        string? indent = bound[1] is StringValue text ? text.Text
            : bound.Int(1) is { } width ? new string(' ', Math.Clamp(width, 0, 100))
            : null;
        string items = indent is null ? ", " : ",";
        string keys = ": ";
        if (bound[2] is SequenceValue { Items: [StringValue first, StringValue second] })
        {
            (items, keys) = (first.Text, second.Text);
        }
        else if (bound[2] is not (null or NoneValue))
        {
            throw new EvaluationException("tojson needs a pair of strings as separators");
        }

        OriginTextBuilder builder = context.CreateBuilder();
        new JsonWriter(context.Budget, builder, bound.Bool(0), indent, items, keys, bound.Bool(3)).Write(value);
        return new StringValue(builder.ToText());
    }

    private static StringValue Escape(RenderContext context, Value value, Arguments arguments)
    {
        arguments.Bind("escape", 0);
        OriginText text = context.TextOf(value);
        OriginTextBuilder builder = context.CreateBuilder();
        for (int i = 0; i < text.Length; i++)
        {
            string? entity = text.Text[i] switch { '&' => "&amp;", '<' => "&lt;", '>' => "&gt;", '\'' => "&#39;", '"' => "&#34;", _ => null };
            if (entity is null)
            {
                builder.Append(text, i, 1);
            }
            else
            {
                builder.Append(entity, fromTemplate: false);
            }
        }

        return new StringValue(builder.ToText());
    }

    private static IntValue WordCount(OriginText text, Arguments arguments)
    {
        arguments.Bind("wordcount", 0);
        int words = 0;
        bool inside = false;
        foreach (char c in text.Text)
        {
            bool letter = char.IsLetterOrDigit(c) || c == '_';
            words += letter && !inside ? 1 : 0;
            inside = letter;
        }

        return new IntValue(words);
    }

    private static StringValue Truncate(RenderContext context, OriginText text, BoundArguments bound)
    {
        int length = bound.Int(0) ?? 255;
        OriginText end = bound.Text(2) ?? new OriginText("...", fromTemplate: true);
        int[] starts = PythonText.CodePointStarts(text.Text);
        if (length < end.Length)
        {
            throw new EvaluationException($"truncate needs a length of at least {end.Length}, the length of its end");
        }

        if (starts.Length - 1 <= (long)length + (bound.Int(3) ?? 5))
        {
            return new StringValue(text);
        }

        OriginText cut = text.Slice(0, starts[length - end.Length]);
        int space = bound.Bool(1) ? -1 : cut.Text.LastIndexOf(' ');
        OriginTextBuilder builder = context.CreateBuilder();
        builder.Append(space < 0 ? cut : cut.Slice(0, space));
        builder.Append(end);
        return new StringValue(builder.ToText());
    }

    private static StringValue Center(RenderContext context, OriginText text, int width)
    {
        int missing = Math.Clamp(width - PythonText.CodePointCount(text.Text), 0, context.Options.MaxOutputChars);
        int left = (missing / 2) + (missing & width & 1);
        OriginTextBuilder builder = context.CreateBuilder();
        builder.Append(new string(' ', left), fromTemplate: true);
        builder.Append(text);
        builder.Append(new string(' ', missing - left), fromTemplate: true);
        return new StringValue(builder.ToText());
    }
}
