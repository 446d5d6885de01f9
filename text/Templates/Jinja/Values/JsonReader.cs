using System.Globalization;
using System.Numerics;
using System.Text.Json;
using HunyuanOrleans.Text.Templates.Jinja.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>Converts JSON to values. The caller states whether the text in it comes from the template or the request.</summary>
internal static class JsonReader
{
    public static Value Read(RenderBudget budget, JsonElement json, bool fromTemplate)
    {
        budget.Enter();
        Value value = json.ValueKind switch
        {
            JsonValueKind.Object => Object(budget, json, fromTemplate),
            JsonValueKind.Array => Array(budget, json, fromTemplate),
            JsonValueKind.String => Text(json, fromTemplate),
            JsonValueKind.Number => Number(json, fromTemplate),
            JsonValueKind.True => BoolValue.True,
            JsonValueKind.False => BoolValue.False,
            JsonValueKind.Null => NoneValue.Instance,
            _ => new UndefinedValue("a JSON value is missing"),
        };
        budget.Leave();
        return value;
    }

    private static DictValue Object(RenderBudget budget, JsonElement json, bool fromTemplate)
    {
        DictValue dict = new(budget);
        foreach (JsonProperty property in json.EnumerateObject())
        {
            StringValue key = new(new OriginText(property.Name, fromTemplate));
            dict.Set(key, Read(budget, property.Value, fromTemplate));
        }

        return dict;
    }

    private static ListValue Array(RenderBudget budget, JsonElement json, bool fromTemplate)
    {
        List<Value> items = new(json.GetArrayLength());
        foreach (JsonElement item in json.EnumerateArray())
        {
            items.Add(Read(budget, item, fromTemplate));
        }

        return new ListValue(items);
    }

    private static StringValue Text(JsonElement json, bool fromTemplate)
    {
        try
        {
            return new StringValue(new OriginText(json.GetString()!, fromTemplate));
        }
        catch (InvalidOperationException)
        {
            throw new EvaluationException("a JSON string holds half of a surrogate pair, which is no Unicode text");
        }
    }

    private static Value Number(JsonElement json, bool fromTemplate)
    {
        const int MaxDigits = 400;
        string raw = json.GetRawText();
        if (raw.Length > MaxDigits)
        {
            throw new EvaluationException($"a JSON number has {raw.Length} characters; at most {MaxDigits} are allowed");
        }

        return raw.AsSpan().IndexOfAny('.', 'e', 'E') < 0
            ? new IntValue(BigInteger.Parse(raw, CultureInfo.InvariantCulture), fromTemplate)
            : new FloatValue(double.Parse(raw, CultureInfo.InvariantCulture), fromTemplate);
    }
}
