using System.Numerics;
using HunyuanOrleans.Text.Templates.Jinja.Syntax;
using HunyuanOrleans.Text.Templates.Jinja.Text;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Runtime;

/// <summary>Applies operators with Python's rules for numbers, strings and lists.</summary>
internal static class Arithmetic
{
    private static readonly string[] Symbols = ["+", "-", "*", "/", "//", "%", "**"];

    public static Value ApplySign(Value operand, bool negate)
    {
        UndefinedValue.ThrowIfUndefined(operand);
        if (Numbers.TryInt(operand, out BigInteger number))
        {
            return Numbers.Int(negate ? -number : number, Numbers.IsFromTemplate(operand));
        }

        return operand is FloatValue value
            ? new FloatValue(negate ? -value.Number : value.Number, value.FromTemplate)
            : throw new EvaluationException($"a sign needs a number behind it, not {operand.TypeName}");
    }

    public static Value Apply(RenderContext context, BinaryOp op, Value left, Value right)
    {
        UndefinedValue.ThrowIfUndefined(left);
        UndefinedValue.ThrowIfUndefined(right);
        if (Numbers.IsNumeric(left) && Numbers.IsNumeric(right))
        {
            return ApplyToNumbers(op, left, right);
        }

        switch (op, left, right)
        {
            case (BinaryOp.Add, StringValue a, StringValue b):
                OriginTextBuilder builder = context.CreateBuilder();
                builder.Append(a.OriginText);
                builder.Append(b.OriginText);
                return new StringValue(builder.ToText());
            case (BinaryOp.Add, ListValue a, ListValue b):
                return new ListValue(Concatenate(context, a, b));
            case (BinaryOp.Add, TupleValue a, TupleValue b):
                return new TupleValue(Concatenate(context, a, b));
            case (BinaryOp.Multiply, _, _) when Numbers.TryInt(right, out BigInteger times) && left is StringValue or SequenceValue:
                return Repeat(context, left, times);
            case (BinaryOp.Multiply, _, _) when Numbers.TryInt(left, out BigInteger times) && right is StringValue or SequenceValue:
                return Repeat(context, right, times);
            default:
                string hint = op == BinaryOp.Add && (left is StringValue || right is StringValue)
                    ? "; use '~' to join values of different types as text"
                    : "";
                throw new EvaluationException($"'{Symbols[(int)op]}' cannot be applied to {left.TypeName} and {right.TypeName}{hint}");
        }
    }

    public static bool Compare(RenderContext context, CompareOp op, Value left, Value right) => op switch
    {
        CompareOp.Equal => Comparison.AreEqual(context.Budget, left, right),
        CompareOp.NotEqual => !Comparison.AreEqual(context.Budget, left, right),
        CompareOp.Less => Comparison.Compare(context.Budget, left, right, "<") < 0,
        CompareOp.LessOrEqual => Comparison.Compare(context.Budget, left, right, "<=") <= 0,
        CompareOp.Greater => Comparison.Compare(context.Budget, left, right, ">") > 0,
        CompareOp.GreaterOrEqual => Comparison.Compare(context.Budget, left, right, ">=") >= 0,
        CompareOp.In => Comparison.Contains(context.Budget, right, left),
        _ => !Comparison.Contains(context.Budget, right, left),
    };

    private static Value ApplyToNumbers(BinaryOp op, Value left, Value right)
    {
        bool fromTemplate = Numbers.IsFromTemplate(left) && Numbers.IsFromTemplate(right);
        if (op == BinaryOp.Power)
        {
            return Numbers.Power(left, right, fromTemplate);
        }

        if (op is BinaryOp.Divide or BinaryOp.FloorDivide or BinaryOp.Modulo && !right.IsTrue)
        {
            throw new EvaluationException($"division by zero in '{Symbols[(int)op]}'");
        }

        if (op != BinaryOp.Divide && Numbers.TryInt(left, out BigInteger a) && Numbers.TryInt(right, out BigInteger b))
        {
            return Numbers.Int(
                op switch
                {
                    BinaryOp.Add => a + b,
                    BinaryOp.Subtract => a - b,
                    BinaryOp.Multiply => a * b,
                    BinaryOp.FloorDivide => Numbers.FloorDivide(a, b),
                    _ => Numbers.Modulo(a, b),
                },
                fromTemplate);
        }

        double x = Numbers.ToDouble(left);
        double y = Numbers.ToDouble(right);
        return new FloatValue(
            op switch
            {
                BinaryOp.Add => x + y,
                BinaryOp.Subtract => x - y,
                BinaryOp.Multiply => x * y,
                BinaryOp.Divide => x / y,
                BinaryOp.FloorDivide => Math.Floor(x / y),
                _ => Numbers.Modulo(x, y),
            },
            fromTemplate);
    }

    private static List<Value> Concatenate(RenderContext context, SequenceValue a, SequenceValue b)
    {
        context.Budget.Charge(a.Items.Count + (long)b.Items.Count);
        return [.. a.Items, .. b.Items];
    }

    private static Value Repeat(RenderContext context, Value value, BigInteger times)
    {
        long count = (long)BigInteger.Clamp(times, 0, int.MaxValue);
        if (value is StringValue text)
        {
            context.Budget.ChargeChars(0, text.Text.Length * count);
            OriginTextBuilder builder = context.CreateBuilder();
            for (long i = 0; i < count && text.Text.Length > 0; i++)
            {
                builder.Append(text.OriginText);
            }

            return new StringValue(builder.ToText());
        }

        List<Value> source = ((SequenceValue)value).Items;
        context.Budget.Charge(source.Count * count);
        List<Value> items = [];
        for (long i = 0; i < count && source.Count > 0; i++)
        {
            items.AddRange(source);
        }

        return value is ListValue ? new ListValue(items) : new TupleValue(items);
    }
}
