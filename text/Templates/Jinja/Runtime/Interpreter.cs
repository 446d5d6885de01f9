using HunyuanOrleans.Text.Templates.Jinja.Syntax;
using HunyuanOrleans.Text.Templates.Jinja.Text;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Runtime;

/// <summary>
/// Executes statements: writes text, assigns names, loops, defines and calls macros. <see cref="Evaluator"/> evaluates the expressions.
/// </summary>
internal sealed class Interpreter(RenderContext context)
{
    private readonly Evaluator _evaluator = new(context);

    private enum Flow
    {
        Normal,
        Break,
        Continue,
    }

    public OriginText Render(Stmt[] body, Scope scope)
    {
        OriginTextBuilder output = context.CreateBuilder();
        Run(body, scope, output);
        return output.ToText();
    }

    private Flow Run(Stmt[] body, Scope scope, OriginTextBuilder output)
    {
        context.Budget.Enter();
        Flow flow = Flow.Normal;
        foreach (Stmt statement in body)
        {
            context.Budget.Step();
            context.Budget.Line = statement.Line;
            flow = Run(statement, scope, output);
            if (flow != Flow.Normal)
            {
                break;
            }
        }

        context.Budget.Leave();
        return flow;
    }

    private Flow Run(Stmt statement, Scope scope, OriginTextBuilder output)
    {
        switch (statement)
        {
            case TextStmt text:
                output.Append(text.Text);
                break;
            case OutputStmt value:
                output.Append(context.TextOf(_evaluator.Evaluate(value.Value, scope)));
                break;
            case IfStmt condition:
                return If(condition, scope, output);
            case ForStmt loop:
                For(loop, scope, output);
                break;
            case SetStmt set:
                Assign(set.Target, _evaluator.Evaluate(set.Value, scope), scope);
                break;
            case SetBlockStmt set:
                Value captured = new StringValue(Render(set.Body, new Scope(scope)));
                Assign(set.Target, _evaluator.ApplyFilters(set.Filters, captured, scope), scope);
                break;
            case LoopControlStmt control:
                return control.IsBreak ? Flow.Break : Flow.Continue;
            case MacroStmt macro:
                scope.Set(macro.Macro.Name, Macro(macro.Macro, scope));
                break;
            case CallBlockStmt call:
                output.Append(context.TextOf(CallBlock(call, scope)));
                break;
            case FilterBlockStmt filter:
                Value inner = new StringValue(Render(filter.Body, new Scope(scope)));
                output.Append(context.TextOf(_evaluator.ApplyFilters(filter.Filters, inner, scope)));
                break;
            case WithStmt with:
                return With(with, scope, output);
            case DoStmt action:
                _evaluator.Evaluate(action.Value, scope);
                break;
            case GroupStmt group:
                return Run(group.Body, scope, output);
            default:
                throw new EvaluationException("unknown statement");
        }

        return Flow.Normal;
    }

    private Flow If(IfStmt statement, Scope scope, OriginTextBuilder output)
    {
        foreach ((Expr condition, Stmt[] body) in statement.Branches)
        {
            if (_evaluator.Evaluate(condition, scope).IsTrue)
            {
                return Run(body, scope, output);
            }
        }

        return Run(statement.Else, scope, output);
    }

    private Flow With(WithStmt statement, Scope scope, OriginTextBuilder output)
    {
        Scope inner = new(scope);
        foreach ((AssignTarget target, Expr value) in statement.Variables)
        {
            Assign(target, _evaluator.Evaluate(value, scope), inner);
        }

        return Run(statement.Body, inner, output);
    }

    private void For(ForStmt statement, Scope scope, OriginTextBuilder output) =>
        Loop(statement, _evaluator.Evaluate(statement.Items, scope), scope, output, depth: 0);

    private void Loop(ForStmt statement, Value source, Scope scope, OriginTextBuilder output, int depth)
    {
        context.Budget.Line = statement.Line;
        List<Value> items = context.Iterate(source);
        if (statement.Filter is not null)
        {
            items = Filter(statement, items, scope);
        }

        if (items.Count == 0)
        {
            Run(statement.Else, new Scope(scope), output);
            return;
        }

        LoopValue loop = new(context.Budget, items, depth, statement.Recursive ? Recurse : null);
        for (int i = 0; i < items.Count; i++)
        {
            loop.Index = i;
            Scope inner = new(scope);
            inner.Set("loop", loop);
            context.Budget.Line = statement.Line;
            Assign(statement.Target, items[i], inner);
            if (Run(statement.Body, inner, output) == Flow.Break)
            {
                break;
            }
        }

        Value Recurse(Arguments arguments)
        {
            Value children = arguments.Bind("loop()", 1, "iterable")[0]!;
            OriginTextBuilder nested = context.CreateBuilder();
            Loop(statement, children, scope, nested, depth + 1);
            return new StringValue(nested.ToText());
        }
    }

    private List<Value> Filter(ForStmt statement, List<Value> items, Scope scope)
    {
        List<Value> kept = [];
        foreach (Value item in items)
        {
            Scope inner = new(scope);
            Assign(statement.Target, item, inner);
            if (_evaluator.Evaluate(statement.Filter!, inner).IsTrue)
            {
                kept.Add(item);
            }
        }

        return kept;
    }

    private void Assign(AssignTarget target, Value value, Scope scope)
    {
        if (target.Parts is not null)
        {
            List<Value> values = context.Iterate(value);
            if (values.Count != target.Parts.Length)
            {
                throw new EvaluationException($"expected {target.Parts.Length} values to unpack, found {values.Count}");
            }

            for (int i = 0; i < values.Count; i++)
            {
                Assign(target.Parts[i], values[i], scope);
            }
        }
        else if (target.Attribute is null)
        {
            scope.Set(target.Name!, value);
        }
        else if (scope.Find(target.Name!) is NamespaceValue space)
        {
            space.Attributes[target.Attribute] = value;
        }
        else
        {
            throw new EvaluationException($"'{target.Name}.{target.Attribute}' can be set only where '{target.Name}' is a namespace()");
        }
    }

    private Value CallBlock(CallBlockStmt statement, Scope scope)
    {
        Value target = _evaluator.Evaluate(statement.Call.Target, scope);
        Arguments arguments = _evaluator.Arguments(statement.Call.Args, scope);
        List<KeyValuePair<string, Value>> named = [.. arguments.Named, new("caller", Macro(statement.Caller, scope))];
        return _evaluator.Call(statement.Call, target, new Arguments(arguments.Positional, named));
    }

    private CallableValue Macro(MacroBody macro, Scope definedIn) => new(macro.Name, arguments =>
    {
        context.Budget.Enter();
        Scope scope = new(definedIn);
        Bind(macro, arguments, scope);
        OriginText text = Render(macro.Body, scope);
        context.Budget.Leave();
        return new StringValue(text);
    });

    private void Bind(MacroBody macro, Arguments arguments, Scope scope)
    {
        int given = Math.Min(arguments.Positional.Count, macro.Parameters.Length);
        List<Value> extra = arguments.Positional[given..];
        DictValue extraNamed = new(context.Budget);
        HashSet<string> bound = [];
        for (int i = 0; i < given; i++)
        {
            scope.Set(macro.Parameters[i].Name, arguments.Positional[i]);
            bound.Add(macro.Parameters[i].Name);
        }

        foreach ((string name, Value value) in arguments.Named)
        {
            if (name == "caller" || Array.Exists(macro.Parameters, p => p.Name == name))
            {
                scope.Set(name, bound.Add(name) ? value : throw new EvaluationException($"macro '{macro.Name}' is given '{name}' twice"));
            }
            else
            {
                extraNamed.Set(StringValue.FromRequest(name), value);
            }
        }

        scope.Set("varargs", new TupleValue(extra));
        scope.Set("kwargs", extraNamed);
        foreach ((string name, Expr? fallback) in macro.Parameters)
        {
            if (!bound.Contains(name))
            {
                scope.Set(name, fallback is null
                    ? new UndefinedValue($"parameter '{name}' was not provided")
                    : _evaluator.Evaluate(fallback, scope));
            }
        }

        RejectUnexpected(macro, extra, extraNamed);
    }

    private static void RejectUnexpected(MacroBody macro, List<Value> extra, DictValue extraNamed)
    {
        if (extra.Count > 0 && !macro.UsesVarargs)
        {
            int most = macro.Parameters.Length;
            throw new EvaluationException($"macro '{macro.Name}' takes at most {most} arguments, but {most + extra.Count} are given");
        }

        if (extraNamed.Items.Count > 0 && !macro.UsesKwargs)
        {
            string name = ((StringValue)extraNamed.Items.GetAt(0).Key).Text;
            throw new EvaluationException($"macro '{macro.Name}' has no parameter '{name}'");
        }
    }
}
