using System.Globalization;
using System.Text;
using HunyuanOrleans.Text.Templates.Jinja.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>
/// str() and repr() of values, keeping origins. Brackets, quotes and commas that are written around values count as text of the
/// request: only what a template spells out may become a special token.
/// </summary>
internal static class TextForm
{
    public static TracedText Of(Budget budget, Value value) => value switch
    {
        StringValue text => text.Traced,
        UndefinedValue => TracedText.Empty,
        NoneValue => new TracedText("None", fromTemplate: true),
        BoolValue flag => new TracedText(flag.IsTrue ? "True" : "False", fromTemplate: true),
        IntValue number => new TracedText(number.Number.ToString(CultureInfo.InvariantCulture), number.FromTemplate),
        FloatValue number => new TracedText(Numbers.Repr(number.Number), number.FromTemplate),
        _ => Repr(budget, value),
    };

    public static TracedText Repr(Budget budget, Value value)
    {
        TracedBuilder builder = new(budget);
        Write(budget, builder, value);
        return builder.ToText();
    }

    private static void Write(Budget budget, TracedBuilder builder, Value value)
    {
        budget.Enter();
        switch (value)
        {
            case StringValue text:
                WriteString(builder, text.Traced);
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
                builder.Append(Of(budget, value));
                break;
            default:
                builder.Append($"<{value.TypeName}>", fromTemplate: false);
                break;
        }

        budget.Leave();
    }

    private static void WriteAll(Budget budget, TracedBuilder builder, List<Value> items, string open, string close)
    {
        builder.Append(open, fromTemplate: false);
        for (int i = 0; i < items.Count; i++)
        {
            builder.Append(i == 0 ? "" : ", ", fromTemplate: false);
            Write(budget, builder, items[i]);
        }

        builder.Append(close, fromTemplate: false);
    }

    private static void WriteString(TracedBuilder builder, TracedText text)
    {
        char quote = text.Text.Contains('\'', StringComparison.Ordinal) && !text.Text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        builder.Append(quote, fromTemplate: false);
        for (int i = 0; i < text.Length;)
        {
            int units = PyText.UnitsAt(text.Text, i);
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
            : PyText.IsPrintable(rune) ? null
            : rune.Value <= 0xff ? $"\\x{rune.Value:x2}"
            : rune.Value <= 0xffff ? $"\\u{rune.Value:x4}"
            : $"\\U{rune.Value:x8}";
    }
}
