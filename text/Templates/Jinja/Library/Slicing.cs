using System.Numerics;
using HunyuanOrleans.Text.Templates.Jinja.Runtime;
using HunyuanOrleans.Text.Templates.Jinja.Text;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Library;

/// <summary>Slices strings (by code point), lists and tuples as Python does, with any step.</summary>
internal static class Slicing
{
    public static Value Slice(RenderContext context, Value target, Value? start, Value? stop, Value? step)
    {
        UndefinedValue.ThrowIfUndefined(target);
        BigInteger stride = Bound(step) ?? 1;
        if (stride.IsZero)
        {
            throw new EvaluationException("the step of a slice cannot be zero");
        }

        switch (target)
        {
            case StringValue text:
                return new StringValue(OfText(context, text.OriginText, start, stop, stride));
            case ListValue list:
                return new ListValue(OfItems(context, list.Items, start, stop, stride));
            case TupleValue tuple:
                return new TupleValue(OfItems(context, tuple.Items, start, stop, stride));
            default:
                throw new EvaluationException($"'{target.TypeName}' cannot be sliced; expected a string, list or tuple");
        }
    }

    public static StringValue? CharacterAt(StringValue text, Value index)
    {
        string chars = text.Text;
        if (!PythonText.HasSurrogatePairs(chars))
        {
            return Members.ResolveIndex(index, chars.Length) is { } at ? new StringValue(text.OriginText.Slice(at, 1)) : null;
        }

        int[] starts = PythonText.CodePointStarts(chars);
        return Members.ResolveIndex(index, starts.Length - 1) is { } point
            ? new StringValue(text.OriginText.Slice(starts[point], starts[point + 1] - starts[point]))
            : null;
    }

    private static List<Value> OfItems(RenderContext context, List<Value> items, Value? start, Value? stop, BigInteger stride)
    {
        (int from, int step, int count) = Range(items.Count, start, stop, stride);
        context.Budget.Charge(count);
        List<Value> slice = new(count);
        for (int i = 0; i < count; i++)
        {
            slice.Add(items[from + (i * step)]);
        }

        return slice;
    }

    private static OriginText OfText(RenderContext context, OriginText text, Value? start, Value? stop, BigInteger stride)
    {
        context.Budget.ChargeChars(text.Length, text.Length);
        int[]? starts = PythonText.HasSurrogatePairs(text.Text) ? PythonText.CodePointStarts(text.Text) : null;
        (int from, int step, int count) = Range(starts is null ? text.Length : starts.Length - 1, start, stop, stride);
        if (step == 1)
        {
            return starts is null ? text.Slice(from, count) : text.Slice(starts[from], starts[from + count] - starts[from]);
        }

        OriginTextBuilder builder = context.CreateBuilder();
        for (int i = 0; i < count; i++)
        {
            int at = from + (i * step);
            builder.Append(text, starts?[at] ?? at, starts is null ? 1 : starts[at + 1] - starts[at]);
        }

        return builder.ToText();
    }

    /// <summary>The first index, the step and the number of elements, clamped as in Python.</summary>
    private static (int From, int Step, int Count) Range(int length, Value? start, Value? stop, BigInteger stride)
    {
        bool forward = stride.Sign > 0;
        int low = forward ? 0 : -1;
        int high = forward ? length : length - 1;
        int from = Clamp(Bound(start), length, low, high, forward ? low : high);
        int to = Clamp(Bound(stop), length, low, high, forward ? high : low);
        int step = (int)BigInteger.Clamp(stride, -length - 1, length + 1);
        int count = forward ? (to - from + step - 1) / step : (from - to - step - 1) / -step;
        return count > 0 ? (from, step, count) : (Math.Clamp(from, 0, length), 1, 0);
    }

    private static int Clamp(BigInteger? bound, int length, int low, int high, int fallback) =>
        bound is { } value ? (int)BigInteger.Clamp(value.Sign < 0 ? value + length : value, low, high) : fallback;

    private static BigInteger? Bound(Value? value)
    {
        switch (value)
        {
            case null or NoneValue:
                return null;
            default:
                UndefinedValue.ThrowIfUndefined(value);
                return Numbers.TryInt(value, out BigInteger number)
                    ? number
                    : throw new EvaluationException($"a slice needs integers, not {value.TypeName}");
        }
    }
}
