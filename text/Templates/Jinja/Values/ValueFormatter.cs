using System.Globalization;
using System.Text;
using HunyuanOrleans.Text.Templates.Jinja.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>
/// Formats values as Python's str() and repr() do, and keeps the origins of text. Brackets, quotes and commas around values count as
/// text of the request, because only text that the template spells out may become a special token.
/// </summary>
internal static class ValueFormatter
{
    public static OriginText Str(RenderBudget budget, Value value) => value switch
    {
        StringValue text => text.OriginText,
        UndefinedValue => OriginText.Empty,
        NoneValue => new OriginText("None", fromTemplate: true),
        BoolValue flag => new OriginText(flag.IsTrue ? "True" : "False", fromTemplate: true),
        IntValue number => new OriginText(number.Number.ToString(CultureInfo.InvariantCulture), number.FromTemplate),
        FloatValue number => new OriginText(Numbers.Repr(number.Number), number.FromTemplate),
        _ => Repr(budget, value),
    };

    public static OriginText Repr(RenderBudget budget, Value value)
    {
        OriginTextBuilder builder = new(budget);
        Write(budget, builder, value);
        return builder.ToText();
    }

    private static void Write(RenderBudget budget, OriginTextBuilder builder, Value value)
    {
        budget.Enter();
        switch (value)
        {
            case StringValue text:
                WriteString(builder, text.OriginText);
                break;
            case SequenceValue sequence:
                bool tuple = sequence is TupleValue;
                WriteAll(budget, builder, sequence.Items, tuple ? "(" : "[", tuple ? sequence.Items.Count == 1 ? ",)" : ")" : "]");
                break;
            case DictValue dict:
                string separator = "{";
                foreach ((Value key, Value item) in dict.Items)
                {
                    builder.Append(separator, fromTemplate: false);
                    Write(budget, builder, key);
                    builder.Append(": ", fromTemplate: false);
                    Write(budget, builder, item);
                    separator = ", ";
                }

                builder.Append(dict.Items.Count == 0 ? "{}" : "}", fromTemplate: false);
                break;
            case UndefinedValue:
                builder.Append("Undefined", fromTemplate: false);
                break;
            case IntValue or FloatValue or BoolValue or NoneValue:
                builder.Append(Str(budget, value));
                break;
            default:
                builder.Append($"<{value.TypeName}>", fromTemplate: false);
                break;
        }

        budget.Leave();
    }

    private static void WriteAll(RenderBudget budget, OriginTextBuilder builder, List<Value> items, string open, string close)
    {
        builder.Append(open, fromTemplate: false);
        for (int i = 0; i < items.Count; i++)
        {
            builder.Append(i == 0 ? "" : ", ", fromTemplate: false);
            Write(budget, builder, items[i]);
        }

        builder.Append(close, fromTemplate: false);
    }

    private static void WriteString(OriginTextBuilder builder, OriginText text)
    {
        char quote = text.Text.Contains('\'', StringComparison.Ordinal) && !text.Text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        builder.Append(quote, fromTemplate: false);
        for (int i = 0; i < text.Length;)
        {
            int units = PythonText.CodeUnitsAt(text.Text, i);
            if (Escape(text.Text, i, quote) is { } escaped)
            {
                builder.Append(escaped, fromTemplate: false);
            }
            else
            {
                builder.Append(text, i, units);
            }

            i += units;
        }

        builder.Append(quote, fromTemplate: false);
    }

    private static string? Escape(string text, int index, char quote)
    {
        char c = text[index];
        if (c == quote || c == '\\')
        {
            return "\\" + c;
        }

        if (c is >= ' ' and < '\u007f')
        {
            return null;
        }

        if (c is '\n' or '\r' or '\t')
        {
            return c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
        }

        return !Rune.TryGetRuneAt(text, index, out Rune rune) ? $"\\u{(int)c:x4}"
            : PythonText.IsPrintable(rune) ? null
            : rune.Value <= 0xff ? $"\\x{rune.Value:x2}"
            : rune.Value <= 0xffff ? $"\\u{rune.Value:x4}"
            : $"\\U{rune.Value:x8}";
    }
}
