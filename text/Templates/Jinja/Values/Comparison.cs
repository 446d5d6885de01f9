using HunyuanOrleans.Text.Templates.Jinja.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>Equality, order and membership as in Python. Origins of text never matter here.</summary>
internal static class Comparison
{
    public static bool AreEqual(Budget budget, Value a, Value b)
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

    /// <summary>Negative, zero or positive as in Python; null where a NaN makes every order false.</summary>
    public static int? Compare(Budget budget, Value a, Value b, string op)
    {
        budget.Step();
        switch (a, b)
        {
            case (StringValue x, StringValue y):
                budget.ChargeSearch(Math.Min(x.Text.Length, y.Text.Length), 0);
                return PyText.Compare(x.Text, y.Text);
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

                Undefined.Reject(a);
                Undefined.Reject(b);
                throw new EvaluationError($"'{op}' cannot compare {a.TypeName} with {b.TypeName}");
        }
    }

    public static bool Contains(Budget budget, Value container, Value item)
    {
        switch (container)
        {
            case StringValue text:
                Undefined.Reject(item);
                return item is StringValue part
                    ? ContainsText(budget, text.Text, part.Text)
                    : throw new EvaluationError($"'in' a string needs a string on its left, not {item.TypeName}");
            case DictValue dict:
                return dict.Items.ContainsKey(KeyComparer.RequireKey(item));
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
                throw new EvaluationError($"'in' needs a string, list, tuple or dict on its right, not {container.TypeName}");
        }
    }

    private static bool ContainsText(Budget budget, string text, string part)
    {
        budget.ChargeSearch(text.Length, part.Length);
        return text.Contains(part, StringComparison.Ordinal);
    }

    private static T Nested<T>(Budget budget, Func<T> body)
    {
        budget.Enter();
        T result = body();
        budget.Leave();
        return result;
    }

    private static int FirstDifference(Budget budget, List<Value> a, List<Value> b)
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

    private static bool SameEntries(Budget budget, DictValue a, DictValue b)
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
