using HunyuanOrleans.Text.Templates.Jinja.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>Equality, order and membership of values, as in Python. The origin of text does not influence the result.</summary>
internal static class Comparison
{
    public static bool AreEqual(RenderBudget budget, Value a, Value b)
    {
        if (ReferenceEquals(a, b))
        {
            return a is not FloatValue { Number: double.NaN };
        }

        switch (a, b)
        {
            case (StringValue x, StringValue y):
                budget.ChargeSearch(x.Text.Length == y.Text.Length ? x.Text.Length : 0, 0);
                return x.Text == y.Text;
            case (SequenceValue x, SequenceValue y):
                return x.GetType() == y.GetType() && x.Items.Count == y.Items.Count
                    && Nested(budget, () => FirstDifference(budget, x.Items, y.Items) < 0);
            case (DictValue x, DictValue y):
                return x.Items.Count == y.Items.Count && Nested(budget, () => SameEntries(budget, x, y));
            case (UndefinedValue, UndefinedValue):
                return true;
            default:
                return Numbers.IsNumeric(a) && Numbers.IsNumeric(b) && Numbers.Compare(a, b) == 0;
        }
    }

    /// <summary>The order of two values: negative, zero or positive. Null if one of them is NaN, for which every comparison is false.</summary>
    public static int? Compare(RenderBudget budget, Value a, Value b, string op)
    {
        budget.Step();
        switch (a, b)
        {
            case (StringValue x, StringValue y):
                budget.ChargeSearch(Math.Min(x.Text.Length, y.Text.Length), 0);
                return PythonText.Compare(x.Text, y.Text);
            case (SequenceValue x, SequenceValue y) when x.GetType() == y.GetType():
                return Nested(budget, () =>
                {
                    int at = FirstDifference(budget, x.Items, y.Items);
                    return at >= 0 ? Compare(budget, x.Items[at], y.Items[at], op) : x.Items.Count.CompareTo(y.Items.Count);
                });
            default:
                if (Numbers.IsNumeric(a) && Numbers.IsNumeric(b))
                {
                    return Numbers.Compare(a, b);
                }

                UndefinedValue.ThrowIfUndefined(a);
                UndefinedValue.ThrowIfUndefined(b);
                throw new EvaluationException($"'{op}' cannot compare {a.TypeName} with {b.TypeName}");
        }
    }

    public static bool Contains(RenderBudget budget, Value container, Value item)
    {
        switch (container)
        {
            case StringValue text:
                UndefinedValue.ThrowIfUndefined(item);
                return item is StringValue part
                    ? ContainsText(budget, text.Text, part.Text)
                    : throw new EvaluationException($"'in' a string needs a string on its left, not {item.TypeName}");
            case DictValue dict:
                return dict.Items.ContainsKey(KeyComparer.RequireHashable(item));
            case SequenceValue sequence:
                foreach (Value element in sequence.Items)
                {
                    budget.Step();
                    if (AreEqual(budget, element, item))
                    {
                        return true;
                    }
                }

                return false;
            case UndefinedValue:
                return false;
            default:
                throw new EvaluationException($"'in' needs a string, list, tuple or dict on its right, not {container.TypeName}");
        }
    }

    private static bool ContainsText(RenderBudget budget, string text, string part)
    {
        budget.ChargeSearch(text.Length, part.Length);
        return text.Contains(part, StringComparison.Ordinal);
    }

    private static T Nested<T>(RenderBudget budget, Func<T> body)
    {
        budget.Enter();
        T result = body();
        budget.Leave();
        return result;
    }

    private static int FirstDifference(RenderBudget budget, List<Value> a, List<Value> b)
    {
        int common = Math.Min(a.Count, b.Count);
        for (int i = 0; i < common; i++)
        {
            budget.Step();
            if (!AreEqual(budget, a[i], b[i]))
            {
                return i;
            }
        }

        return -1;
    }

    private static bool SameEntries(RenderBudget budget, DictValue a, DictValue b)
    {
        foreach ((Value key, Value value) in a.Items)
        {
            budget.Step();
            if (b.Find(key) is not { } other || !AreEqual(budget, value, other))
            {
                return false;
            }
        }

        return true;
    }
}
