namespace HunyuanOrleans.Text.Templates.Jinja.Syntax;

/// <summary>
/// Parses what may follow a value: attributes, subscripts and calls, then filters and tests. <see cref="ExpressionParser"/> parses the
/// expressions inside them.
/// </summary>
internal sealed class PostfixParser(TokenStream tokens, ExpressionParser expressions)
{
    /// <summary>Parses one or more filters, each after a <c>|</c>.</summary>
    public FilterCall[] Filters(bool firstWithoutPipe = false)
    {
        List<FilterCall> filters = [];
        while ((firstWithoutPipe && filters.Count == 0) || tokens.SkipIf("|"))
        {
            filters.Add(Filter());
        }

        return [.. filters];
    }

    public Expr Members(Expr value)
    {
        while (true)
        {
            int line = tokens.Line;
            if (tokens.SkipIf("."))
            {
                value = tokens.Current.Kind == TokenKind.Integer
                    ? new IndexExpr(value, expressions.Primary(), line)
                    : new AttributeExpr(value, tokens.Expect(TokenKind.Name, "an attribute name after '.'").Text, line);
            }
            else if (tokens.SkipIf("["))
            {
                value = Subscript(value, line);
            }
            else if (tokens.Current.Is("("))
            {
                value = new CallExpr(value, Arguments(), line);
            }
            else
            {
                return value;
            }
        }
    }

    private Expr Subscript(Expr target, int line)
    {
        Expr? start = tokens.Current.Is(":") ? null : expressions.Expression();
        if (start is not null && !tokens.Current.Is(":"))
        {
            Expr index = start;
            if (tokens.Current.Is(","))
            {
                List<Expr> items = [index];
                while (tokens.SkipIf(",") && !tokens.Current.Is("]"))
                {
                    items.Add(expressions.Expression());
                }

                index = new SequenceExpr([.. items], IsTuple: true, line);
            }

            tokens.Expect("]");
            return new IndexExpr(target, index, line);
        }

        tokens.Expect(":");
        Expr? stop = SlicePart();
        Expr? step = tokens.SkipIf(":") ? SlicePart() : null;
        tokens.Expect("]");
        return new SliceExpr(target, start, stop, step, line);
    }

    private Expr? SlicePart() => tokens.Current.Is(":") || tokens.Current.Is("]") ? null : expressions.Expression();

    public Expr FiltersAndTests(Expr value)
    {
        while (true)
        {
            int line = tokens.Line;
            if (tokens.SkipIf("|"))
            {
                value = new FilterExpr(value, Filter(), line);
            }
            else if (tokens.SkipIfName("is"))
            {
                value = Test(value, line);
            }
            else if (tokens.Current.Is("("))
            {
                value = new CallExpr(value, Arguments(), line);
            }
            else
            {
                return value;
            }
        }
    }

    private FilterCall Filter()
    {
        Token name = tokens.Expect(TokenKind.Name, "the name of a filter");
        return new FilterCall(name.Text, tokens.Current.Is("(") ? Arguments() : CallArgs.None, name.Line);
    }

    private Expr Test(Expr value, int line)
    {
        bool negated = tokens.SkipIfName("not");
        string name = tokens.Expect(TokenKind.Name, "the name of a test after 'is'").Text;
        CallArgs args = CallArgs.None;
        Token next = tokens.Current;
        if (next.Is("("))
        {
            args = Arguments();
        }
        else if (next.IsName("is"))
        {
            throw new TemplateException("tests with 'is' cannot be chained; use 'and'", next.Line);
        }
        else if (next.Kind is TokenKind.String or TokenKind.Integer or TokenKind.Float || next.Is("[") || next.Is("{")
            || (next.Kind == TokenKind.Name && next.Text is not ("else" or "or" or "and")))
        {
            // Jinja2 accepts any name as an argument here. The keywords are excluded, or "x is defined if y" would take "if" as the argument.
            args = next.Kind == TokenKind.Name && next.Text is "if" or "not" or "in" or "recursive"
                ? args
                : new CallArgs([Members(expressions.Primary())], [], null, null);
        }

        Expr test = new TestExpr(value, name, args, line);
        return negated ? new UnaryExpr(UnaryOp.Not, test, line) : test;
    }

    private CallArgs Arguments()
    {
        tokens.Enter();
        tokens.Expect("(");
        List<Expr> positional = [];
        List<(string, Expr)> named = [];
        Expr? star = null;
        Expr? starStar = null;
        while (!tokens.Current.Is(")"))
        {
            if (tokens.SkipIf("**"))
            {
                starStar = starStar is null ? expressions.Expression() : throw tokens.Unexpected("only one '**' argument");
            }
            else if (starStar is not null)
            {
                throw tokens.Unexpected("')' after a '**' argument");
            }
            else if (tokens.SkipIf("*"))
            {
                star = star is null ? expressions.Expression() : throw tokens.Unexpected("only one '*' argument");
            }
            else if (tokens.Current.Kind == TokenKind.Name && tokens.Following.Is("="))
            {
                string name = tokens.Take().Text;
                tokens.Take();
                named.Add((name, expressions.Expression()));
            }
            else if (named.Count > 0 || star is not null)
            {
                throw tokens.Unexpected("an argument by name (positional arguments come first)");
            }
            else
            {
                positional.Add(expressions.Expression());
            }

            if (!tokens.SkipIf(",") && !tokens.Current.Is(")"))
            {
                throw tokens.Unexpected("',' or ')' in the arguments");
            }
        }

        tokens.Take();
        tokens.Leave();
        return new CallArgs([.. positional], [.. named], star, starStar);
    }
}
