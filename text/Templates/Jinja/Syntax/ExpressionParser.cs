using System.Globalization;
using System.Numerics;
using HunyuanOrleans.Text.Templates.Jinja.Text;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Syntax;

/// <summary>
/// Recursive descent over expressions with Jinja2's precedence: if, or, and, not, comparison, + -, ~, * / // %, **, sign, then postfix
/// and filters, which <see cref="PostfixParser"/> reads. Knows nothing of statements.
/// </summary>
internal sealed class ExpressionParser
{
    private static readonly Dictionary<string, CompareOp> Comparisons = new()
    {
        ["=="] = CompareOp.Equal,
        ["!="] = CompareOp.NotEqual,
        ["<"] = CompareOp.Less,
        ["<="] = CompareOp.LessOrEqual,
        [">"] = CompareOp.Greater,
        [">="] = CompareOp.GreaterOrEqual,
    };

    private readonly TokenStream tokens;
    private readonly PostfixParser postfix;

    public ExpressionParser(TokenStream tokens)
    {
        this.tokens = tokens;
        postfix = new PostfixParser(tokens, this);
    }

    /// <summary>Every name that was read since this was last set.</summary>
    public HashSet<string> NamesRead { get; set; } = [];

    public Expr Expression() => Conditional();

    /// <summary>An expression, or several with commas, which make a tuple.</summary>
    public Expr TupleOrExpression(bool allowConditional = true)
    {
        int line = tokens.Line;
        Expr first = allowConditional ? Conditional() : Or();
        if (!tokens.Current.Is(","))
        {
            return first;
        }

        List<Expr> items = [first];
        while (tokens.Skip(",") && !AtTupleEnd())
        {
            items.Add(allowConditional ? Conditional() : Or());
        }

        return new SequenceExpr([.. items], IsTuple: true, line);
    }

    /// <summary>One or more filters, each behind a bar.</summary>
    public FilterUse[] Filters(bool firstWithoutBar = false) => postfix.Filters(firstWithoutBar);

    private bool AtTupleEnd() =>
        tokens.Current.Kind is TokenKind.OutputEnd or TokenKind.BlockEnd || tokens.Current.Is(")") || tokens.Current.IsName("recursive");

    private Expr Conditional()
    {
        tokens.Enter();
        int line = tokens.Line;
        Expr value = Or();
        while (tokens.SkipName("if"))
        {
            Expr condition = Or();
            Expr? otherwise = tokens.SkipName("else") ? Conditional() : null;
            value = new ConditionalExpr(condition, value, otherwise, line);
        }

        tokens.Leave();
        return value;
    }

    private Expr Or() => Logic("or", And);

    private Expr And() => Logic("and", Not);

    private Expr Logic(string word, Func<Expr> operand)
    {
        int line = tokens.Line;
        Expr first = operand();
        if (!tokens.Current.IsName(word))
        {
            return first;
        }

        List<Expr> operands = [first];
        while (tokens.SkipName(word))
        {
            operands.Add(operand());
        }

        return new LogicExpr(word == "and", [.. operands], line);
    }

    private Expr Not()
    {
        int line = tokens.Line;
        if (!tokens.SkipName("not"))
        {
            return Comparison();
        }

        tokens.Enter();
        Expr operand = Not();
        tokens.Leave();
        return new UnaryExpr(UnaryOp.Not, operand, line);
    }

    private Expr Comparison()
    {
        int line = tokens.Line;
        Expr first = Sum();
        List<(CompareOp, Expr)>? rest = null;
        while (TakeComparison() is { } op)
        {
            (rest ??= []).Add((op, Sum()));
        }

        return rest is null ? first : new CompareExpr(first, [.. rest], line);
    }

    private CompareOp? TakeComparison()
    {
        if (tokens.Current.Kind == TokenKind.Operator && Comparisons.TryGetValue(tokens.Current.Text, out CompareOp op))
        {
            tokens.Take();
            return op;
        }

        if (tokens.SkipName("in"))
        {
            return CompareOp.In;
        }

        if (tokens.Current.IsName("not") && tokens.Following.IsName("in"))
        {
            tokens.Take();
            tokens.Take();
            return CompareOp.NotIn;
        }

        return null;
    }

    private Expr Sum() => Binary(Concat, static text => text switch { "+" => BinaryOp.Add, "-" => BinaryOp.Subtract, _ => null });

    private Expr Concat()
    {
        int line = tokens.Line;
        Expr first = Product();
        if (!tokens.Current.Is("~"))
        {
            return first;
        }

        List<Expr> parts = [first];
        while (tokens.Skip("~"))
        {
            parts.Add(Product());
        }

        return new ConcatExpr([.. parts], line);
    }

    private Expr Product() => Binary(Power, static text => text switch
    {
        "*" => BinaryOp.Multiply,
        "/" => BinaryOp.Divide,
        "//" => BinaryOp.FloorDivide,
        "%" => BinaryOp.Modulo,
        _ => null,
    });

    // Left to right, unlike Python: Jinja2 reads 2 ** 3 ** 2 as (2 ** 3) ** 2.
    private Expr Power() => Binary(() => Unary(withFilters: true), static text => text == "**" ? BinaryOp.Power : null);

    private Expr Binary(Func<Expr> operand, Func<string, BinaryOp?> operation)
    {
        Expr left = operand();
        while (tokens.Current.Kind == TokenKind.Operator && operation(tokens.Current.Text) is { } op)
        {
            int line = tokens.Take().Line;
            left = new BinaryExpr(op, left, operand(), line);
        }

        return left;
    }

    private Expr Unary(bool withFilters)
    {
        tokens.Enter();
        int line = tokens.Line;
        Expr value = tokens.Skip("-") ? new UnaryExpr(UnaryOp.Negate, Unary(withFilters: false), line)
            : tokens.Skip("+") ? new UnaryExpr(UnaryOp.Plus, Unary(withFilters: false), line)
            : Primary();
        value = postfix.Members(value);
        value = withFilters ? postfix.FiltersAndTests(value) : value;
        tokens.Leave();
        return value;
    }

    /// <summary>A literal, a name, or something in brackets.</summary>
    public Expr Primary()
    {
        Token token = tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                tokens.Take();
                return token.Text switch
                {
                    "true" or "True" => new LiteralExpr(BoolValue.True, token.Line),
                    "false" or "False" => new LiteralExpr(BoolValue.False, token.Line),
                    "none" or "None" => new LiteralExpr(NoneValue.Instance, token.Line),
                    _ => Name(token),
                };
            case TokenKind.String:
                string text = tokens.Take().Text;
                while (tokens.Current.Kind == TokenKind.String)
                {
                    text += tokens.Take().Text;
                }

                return new LiteralExpr(new StringValue(new TracedText(text, fromTemplate: true)), token.Line);
            case TokenKind.Integer:
                tokens.Take();
                return new LiteralExpr(new IntValue(ParseInteger(token.Text)), token.Line);
            case TokenKind.Float:
                tokens.Take();
                return new LiteralExpr(new FloatValue(double.Parse(token.Text, NumberStyles.Float, CultureInfo.InvariantCulture)), token.Line);
            default:
                return token.Is("(") ? Parenthesis() : token.Is("[") ? List() : token.Is("{") ? Dict() : throw tokens.Unexpected("an expression");
        }
    }

    private NameExpr Name(Token token)
    {
        NamesRead.Add(token.Text);
        return new NameExpr(token.Text, token.Line);
    }

    private static BigInteger ParseInteger(string text)
    {
        int radix = text.Length < 2 ? 10 : char.ToLowerInvariant(text[1]) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 10 };
        BigInteger value = 0;
        foreach (char c in radix == 10 ? text.AsSpan() : text.AsSpan(2))
        {
            value = (value * radix) + Convert.ToInt32(c.ToString(), 16);
        }

        return value;
    }

    private Expr Parenthesis()
    {
        int line = tokens.Take().Line;
        Expr value = tokens.Current.Is(")") ? new SequenceExpr([], IsTuple: true, line) : TupleOrExpression();
        tokens.Expect(")");
        return value;
    }

    private SequenceExpr List()
    {
        int line = tokens.Take().Line;
        List<Expr> items = [];
        while (!tokens.Current.Is("]"))
        {
            items.Add(Expression());
            if (!tokens.Skip(",") && !tokens.Current.Is("]"))
            {
                throw tokens.Unexpected("',' or ']' in a list");
            }
        }

        tokens.Take();
        return new SequenceExpr([.. items], IsTuple: false, line);
    }

    private DictExpr Dict()
    {
        int line = tokens.Take().Line;
        List<(Expr, Expr)> pairs = [];
        while (!tokens.Current.Is("}"))
        {
            Expr key = Expression();
            tokens.Expect(":");
            pairs.Add((key, Expression()));
            if (!tokens.Skip(",") && !tokens.Current.Is("}"))
            {
                throw tokens.Unexpected("',' or '}' in a dict");
            }
        }

        tokens.Take();
        return new DictExpr([.. pairs], line);
    }
}
