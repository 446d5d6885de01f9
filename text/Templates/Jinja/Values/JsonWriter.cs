using System.Globalization;
using HunyuanOrleans.Text.Templates.Jinja.Library;
using HunyuanOrleans.Text.Templates.Jinja.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>
/// Writes values as JSON, as the tojson filter of Hugging Face does: like json.dumps, without HTML escapes, and with characters outside
/// ASCII as they are unless ensure_ascii is set. Strings keep their origins; the punctuation around them counts as text of the request.
/// </summary>
internal sealed class JsonWriter(
    RenderBudget budget, OriginTextBuilder output, bool ensureAscii, string? indent, string itemSeparator, string keySeparator, bool sortKeys)
{
    public void Write(Value value, int level = 0)
    {
        budget.Enter();
        switch (value)
        {
            case StringValue text:
                WriteString(text.OriginText);
                break;
            case SequenceValue sequence:
                WriteList(sequence.Items, level);
                break;
            case DictValue dict:
                WriteDict(dict, level);
                break;
            default:
                output.Append(Scalar(value));
                break;
        }

        budget.Leave();
    }

    private static OriginText Scalar(Value value)
    {
        switch (value)
        {
            case NoneValue:
                return new OriginText("null", fromTemplate: true);
            case BoolValue flag:
                return new OriginText(flag.IsTrue ? "true" : "false", fromTemplate: true);
            case IntValue number:
                return new OriginText(number.Number.ToString(CultureInfo.InvariantCulture), number.FromTemplate);
            case FloatValue number:
                string text = Numbers.Repr(number.Number) switch { "nan" => "NaN", "inf" => "Infinity", "-inf" => "-Infinity", var finite => finite };
                return new OriginText(text, number.FromTemplate);
            default:
                UndefinedValue.ThrowIfUndefined(value);
                throw new EvaluationException($"tojson cannot write '{value.TypeName}'");
        }
    }

    private void WriteList(List<Value> items, int level)
    {
        Punctuate("[");
        for (int i = 0; i < items.Count; i++)
        {
            Punctuate(i == 0 ? "" : itemSeparator);
            NewLine(level + 1);
            Write(items[i], level + 1);
        }

        if (items.Count > 0)
        {
            NewLine(level);
        }

        Punctuate("]");
    }

    private void WriteDict(DictValue dict, int level)
    {
        Punctuate("{");
        IEnumerable<KeyValuePair<Value, Value>> entries = dict.Items;
        if (sortKeys)
        {
            entries = StableSort.Sort(entries, (a, b) => Comparison.Compare(budget, a.Key, b.Key, "sort_keys") ?? 0);
        }

        bool first = true;
        foreach ((Value key, Value value) in entries)
        {
            Punctuate(first ? "" : itemSeparator);
            first = false;
            NewLine(level + 1);
            WriteString(key is StringValue text ? text.OriginText : Scalar(key));
            Punctuate(keySeparator);
            Write(value, level + 1);
        }

        if (!first)
        {
            NewLine(level);
        }

        Punctuate("}");
    }

    private void NewLine(int level)
    {
        if (indent is not null)
        {
            Punctuate("\n");
            for (int i = 0; i < level; i++)
            {
                Punctuate(indent);
            }
        }
    }

    private void WriteString(OriginText text)
    {
        Punctuate("\"");
        int plain = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (Escape(text.Text[i]) is { } escaped)
            {
                output.Append(text, plain, i - plain);
                Punctuate(escaped);
                plain = i + 1;
            }
        }

        output.Append(text, plain, text.Length - plain);
        Punctuate("\"");
    }

    private string? Escape(char c) => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\b' => "\\b",
        '\f' => "\\f",
        < ' ' => $"\\u{(int)c:x4}",
        > '~' when ensureAscii && c > '\u007f' => $"\\u{(int)c:x4}",
        _ => null,
    };

    private void Punctuate(string text) => output.Append(text, fromTemplate: false);
}
