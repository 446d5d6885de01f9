using System.Globalization;
using HunyuanOrleans.Text.Templates.Jinja.Runtime;
using HunyuanOrleans.Text.Templates.Jinja.Text;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Library;

/// <summary>
/// The method format of strings: replaces <c>{}</c>, <c>{0}</c> and <c>{name}</c> by arguments. Conversions, format specifications and access to members are
/// not supported.
/// </summary>
internal static class StringFormat
{
    /// <summary>Formats a text. The result keeps the origins of the text and of the arguments.</summary>
    /// <exception cref="EvaluationException">A brace has no partner, an argument is missing, or a field asks for more than a value.</exception>
    public static StringValue Format(RenderContext context, OriginText text, Arguments arguments)
    {
        OriginTextBuilder builder = context.CreateBuilder();
        string source = text.Text;
        int next = 0;
        bool? counts = null;
        for (int at = 0; at < source.Length;)
        {
            int brace = source.AsSpan(at).IndexOfAny('{', '}');
            int plain = brace < 0 ? source.Length - at : brace;
            builder.Append(text, at, plain);
            at += plain;
            if (at == source.Length)
            {
                break;
            }

            if (at + 1 < source.Length && source[at + 1] == source[at])
            {
                builder.Append(text, at, 1);
                at += 2;
                continue;
            }

            int end = source[at] == '}' ? throw new EvaluationException("format found a '}' without a '{'") : source.IndexOf('}', at);
            string field = end < 0 ? throw new EvaluationException("format found a '{' without a '}'") : source[(at + 1)..end];
            if (field.AsSpan().ContainsAny(".[]!:{"))
            {
                throw new EvaluationException($"format does not support the field '{{{field}}}'; allowed are {{}}, {{0}} and {{name}}");
            }

            bool isCounted = field.Length == 0;
            bool isNumber = int.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out int index);
            if ((isCounted || isNumber) && (counts ??= isCounted) != isCounted)
            {
                throw new EvaluationException("format cannot switch between fields with and without numbers");
            }

            builder.Append(context.TextOf(isCounted || isNumber ? At(arguments, isCounted ? next++ : index) : Named(arguments, field)));
            at = end + 1;
        }

        return new StringValue(builder.ToText());
    }

    private static Value At(Arguments arguments, int index) => index < arguments.Positional.Count
        ? arguments.Positional[index]
        : throw new EvaluationException($"format needs at least {index + 1} arguments, {arguments.Positional.Count} are given");

    private static Value Named(Arguments arguments, string name)
    {
        foreach ((string given, Value value) in arguments.Named)
        {
            if (given == name)
            {
                return value;
            }
        }

        throw new EvaluationException($"format needs the argument '{name}'");
    }
}
