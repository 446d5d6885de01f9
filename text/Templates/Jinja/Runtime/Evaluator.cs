using HunyuanOrleans.Text.Templates.Jinja.Library;
using HunyuanOrleans.Text.Templates.Jinja.Syntax;
using HunyuanOrleans.Text.Templates.Jinja.Text;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Runtime;

/// <summary>Evaluates expressions. It does not know statements; macros are callable values to it.</summary>
internal sealed class Evaluator(RenderContext context)
{
    public Value Evaluate(Expr expression, Scope scope)
    {
        context.Budget.Enter();
        context.Budget.Line = expression.Line;
        Value value = expression switch
        {
            LiteralExpr literal => literal.Value,
            NameExpr name => scope.Find(name.Name) ?? UndefinedValue.Name(name.Name),
            AttributeExpr attribute => Attribute(attribute, scope),
            IndexExpr index => Index(index, scope),
            SliceExpr slice => Slice(slice, scope),
            CallExpr call => Call(call, scope),
            FilterExpr filter => ApplyFilter(filter.Filter, Evaluate(filter.Target, scope), scope),
            TestExpr test => Test(test, scope),
            UnaryExpr unary => Unary(unary, scope),
            BinaryExpr binary => Binary(binary, scope),
            LogicExpr logic => Logic(logic, scope),
            CompareExpr compare => Compare(compare, scope),
            ConcatExpr concat => Concat(concat, scope),
            ConditionalExpr conditional => Conditional(conditional, scope),
            SequenceExpr sequence => Sequence(sequence, scope),
            DictExpr dict => Dict(dict, scope),
            _ => throw new EvaluationException("unknown expression"),
        };
        context.Budget.Leave();
        return value;
    }

    public Value ApplyFilters(FilterCall[] filters, Value value, Scope scope)
    {
        foreach (FilterCall filter in filters)
        {
            value = ApplyFilter(filter, value, scope);
        }

        return value;
    }

    public Arguments Arguments(CallArgs args, Scope scope)
    {
        if (ReferenceEquals(args, CallArgs.None))
        {
            return Runtime.Arguments.None;
        }

        List<Value> positional = new(args.Positional.Length);
        foreach (Expr argument in args.Positional)
        {
            positional.Add(Evaluate(argument, scope));
        }

        List<KeyValuePair<string, Value>> named = new(args.Named.Length);
        foreach ((string name, Expr argument) in args.Named)
        {
            named.Add(new(name, Evaluate(argument, scope)));
        }

        if (args.Star is not null)
        {
            positional.AddRange(context.Iterate(Evaluate(args.Star, scope)));
        }

        if (args.StarStar is not null)
        {
            AddNamed(Evaluate(args.StarStar, scope), named);
        }

        return new Arguments(positional, named);
    }

    private static void AddNamed(Value value, List<KeyValuePair<string, Value>> named)
    {
        if (value is not DictValue dict)
        {
            throw new EvaluationException($"'**' needs a dict, not {value.TypeName}");
        }

        foreach ((Value key, Value item) in dict.Items)
        {
            named.Add(new(key is StringValue text
                ? text.Text
                : throw new EvaluationException("'**' needs a dict whose keys are strings"), item));
        }
    }

    private Value ApplyFilter(FilterCall filter, Value value, Scope scope)
    {
        Arguments arguments = Arguments(filter.Args, scope);
        context.Budget.Line = filter.Line;
        return Filters.Apply(context, filter.Name, value, arguments);
    }

    private Value Attribute(AttributeExpr expression, Scope scope)
    {
        Value target = Evaluate(expression.Target, scope);
        context.Budget.Line = expression.Line;
        return Members.Attribute(context, target, expression.Name);
    }

    private Value Index(IndexExpr expression, Scope scope)
    {
        Value target = Evaluate(expression.Target, scope);
        Value index = Evaluate(expression.Index, scope);
        context.Budget.Line = expression.Line;
        return Members.Item(context, target, index);
    }

    private Value Slice(SliceExpr expression, Scope scope)
    {
        Value target = Evaluate(expression.Target, scope);
        Value? start = expression.Start is null ? null : Evaluate(expression.Start, scope);
        Value? stop = expression.Stop is null ? null : Evaluate(expression.Stop, scope);
        Value? step = expression.Step is null ? null : Evaluate(expression.Step, scope);
        context.Budget.Line = expression.Line;
        return Slicing.Slice(context, target, start, stop, step);
    }

    private Value Call(CallExpr expression, Scope scope)
    {
        Value target = Evaluate(expression.Target, scope);
        return Call(expression, target, Arguments(expression.Args, scope));
    }

    /// <summary>Calls a value that is already evaluated. A call block uses this after adding the argument <c>caller</c>.</summary>
    public Value Call(CallExpr expression, Value target, Arguments arguments)
    {
        context.Budget.Line = expression.Line;
        switch (target)
        {
            case CallableValue callable:
                return callable.Invoke(arguments);
            case LoopValue loop:
                return loop.Recurse(arguments);
            default:
                UndefinedValue.ThrowIfUndefined(target);
                throw new EvaluationException($"'{target.TypeName}' cannot be called");
        }
    }

    private BoolValue Test(TestExpr expression, Scope scope)
    {
        Value target = Evaluate(expression.Target, scope);
        Arguments arguments = Arguments(expression.Args, scope);
        context.Budget.Line = expression.Line;
        return BoolValue.Of(Tests.Apply(context, expression.Name, target, arguments));
    }

    private Value Unary(UnaryExpr expression, Scope scope)
    {
        Value operand = Evaluate(expression.Operand, scope);
        context.Budget.Line = expression.Line;
        return expression.Op == UnaryOp.Not ? BoolValue.Of(!operand.IsTrue) : Arithmetic.ApplySign(operand, expression.Op == UnaryOp.Negate);
    }

    /// <summary>Evaluates left operands in a loop, because the tree of a sum of a thousand terms is a thousand levels deep on its left side.</summary>
    private Value Binary(BinaryExpr expression, Scope scope)
    {
        Stack<BinaryExpr> pending = new();
        Expr first = expression;
        while (first is BinaryExpr binary)
        {
            pending.Push(binary);
            first = binary.Left;
        }

        Value value = Evaluate(first, scope);
        while (pending.TryPop(out BinaryExpr? next))
        {
            Value right = Evaluate(next.Right, scope);
            context.Budget.Line = next.Line;
            value = Arithmetic.Apply(context, next.Op, value, right);
        }

        return value;
    }

    private Value Logic(LogicExpr expression, Scope scope)
    {
        Value value = BoolValue.True;
        foreach (Expr operand in expression.Operands)
        {
            value = Evaluate(operand, scope);
            if (value.IsTrue != expression.IsAnd)
            {
                break;
            }
        }

        return value;
    }

    private BoolValue Compare(CompareExpr expression, Scope scope)
    {
        Value left = Evaluate(expression.First, scope);
        foreach ((CompareOp op, Expr operand) in expression.Rest)
        {
            Value right = Evaluate(operand, scope);
            context.Budget.Line = expression.Line;
            if (!Arithmetic.Compare(context, op, left, right))
            {
                return BoolValue.False;
            }

            left = right;
        }

        return BoolValue.True;
    }

    private StringValue Concat(ConcatExpr expression, Scope scope)
    {
        OriginTextBuilder builder = context.CreateBuilder();
        foreach (Expr part in expression.Parts)
        {
            builder.Append(context.TextOf(Evaluate(part, scope)));
        }

        return new StringValue(builder.ToText());
    }

    private Value Conditional(ConditionalExpr expression, Scope scope)
    {
        bool holds = Evaluate(expression.Condition, scope).IsTrue;
        return holds ? Evaluate(expression.Then, scope)
            : expression.Else is not null ? Evaluate(expression.Else, scope)
            : new UndefinedValue("the inline if has no else and its condition is false");
    }

    private Value Sequence(SequenceExpr expression, Scope scope)
    {
        List<Value> items = new(expression.Items.Length);
        foreach (Expr item in expression.Items)
        {
            items.Add(Evaluate(item, scope));
        }

        return expression.IsTuple ? new TupleValue(items) : new ListValue(items);
    }

    private DictValue Dict(DictExpr expression, Scope scope)
    {
        DictValue dict = new(context.Budget);
        foreach ((Expr key, Expr value) in expression.Pairs)
        {
            Value keyValue = Evaluate(key, scope);
            dict.Set(keyValue, Evaluate(value, scope));
        }

        return dict;
    }
}
