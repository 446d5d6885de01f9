using System.Globalization;
using System.Numerics;
using HunyuanOrleans.Text.Templates.Jinja.Text;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Syntax;

/// <summary>
/// A recursive descent parser of expressions with the precedence of Jinja2: if, or, and, not, comparison, + -, ~, * / // %, **, sign, then
/// postfix operators and filters, which <see cref="PostfixParser"/> reads. It does not know statements.
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

    private readonly TokenStream _tokens;
    private readonly PostfixParser _postfix;

    public ExpressionParser(TokenStream tokens)
    {
        _tokens = tokens;
        _postfix = new PostfixParser(tokens, this);
    }

    /// <summary>The names that were parsed since this was last set.</summary>
    public HashSet<string> NamesRead { get; set; } = [];

    public Expr Expression() => Conditional();

    /// <summary>Parses one expression, or several separated by commas, which make a tuple.</summary>
    public Expr TupleOrExpression(bool allowConditional = true)
    {
        int line = _tokens.Line;
        Expr first = allowConditional ? Conditional() : Or();
        if (!_tokens.Current.Is(","))
        {
            return first;
        }

        List<Expr> items = [first];
        while (_tokens.SkipIf(",") && !AtTupleEnd())
        {
            items.Add(allowConditional ? Conditional() : Or());
        }

        return new SequenceExpr([.. items], IsTuple: true, line);
    }

    /// <summary>Parses one or more filters, each after a <c>|</c>.</summary>
    public FilterCall[] Filters(bool firstWithoutPipe = false) => _postfix.Filters(firstWithoutPipe);

    private bool AtTupleEnd() =>
        _tokens.Current.Kind is TokenKind.OutputEnd or TokenKind.BlockEnd || _tokens.Current.Is(")") || _tokens.Current.IsName("recursive");

    private Expr Conditional()
    {
        _tokens.Enter();
        int line = _tokens.Line;
        Expr value = Or();
        while (_tokens.SkipIfName("if"))
        {
            Expr condition = Or();
            Expr? otherwise = _tokens.SkipIfName("else") ? Conditional() : null;
            value = new ConditionalExpr(condition, value, otherwise, line);
        }

        _tokens.Leave();
        return value;
    }

    private Expr Or() => Logic("or", And);

    private Expr And() => Logic("and", Not);

    private Expr Logic(string word, Func<Expr> operand)
    {
        int line = _tokens.Line;
        Expr first = operand();
        if (!_tokens.Current.IsName(word))
        {
            return first;
        }

        List<Expr> operands = [first];
        while (_tokens.SkipIfName(word))
        {
            operands.Add(operand());
        }

        return new LogicExpr(word == "and", [.. operands], line);
    }

    private Expr Not()
    {
        int line = _tokens.Line;
        if (!_tokens.SkipIfName("not"))
        {
            return Comparison();
        }

        _tokens.Enter();
        Expr operand = Not();
        _tokens.Leave();
        return new UnaryExpr(UnaryOp.Not, operand, line);
    }

    private Expr Comparison()
    {
        int line = _tokens.Line;
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
        if (_tokens.Current.Kind == TokenKind.Operator && Comparisons.TryGetValue(_tokens.Current.Text, out CompareOp op))
        {
            _tokens.Take();
            return op;
        }

        if (_tokens.SkipIfName("in"))
        {
            return CompareOp.In;
        }

        if (_tokens.Current.IsName("not") && _tokens.Following.IsName("in"))
        {
            _tokens.Take();
            _tokens.Take();
            return CompareOp.NotIn;
        }

        return null;
    }

    private Expr Sum() => Binary(Concat, static text => text switch { "+" => BinaryOp.Add, "-" => BinaryOp.Subtract, _ => null });

    private Expr Concat()
    {
        int line = _tokens.Line;
        Expr first = Product();
        if (!_tokens.Current.Is("~"))
        {
            return first;
        }

        List<Expr> parts = [first];
        while (_tokens.SkipIf("~"))
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

    // Left-associative, unlike in Python: Jinja2 reads 2 ** 3 ** 2 as (2 ** 3) ** 2.
    private Expr Power() => Binary(() => Unary(withFilters: true), static text => text == "**" ? BinaryOp.Power : null);

    private Expr Binary(Func<Expr> operand, Func<string, BinaryOp?> operation)
    {
        Expr left = operand();
        while (_tokens.Current.Kind == TokenKind.Operator && operation(_tokens.Current.Text) is { } op)
        {
            int line = _tokens.Take().Line;
            left = new BinaryExpr(op, left, operand(), line);
        }

        return left;
    }

    private Expr Unary(bool withFilters)
    {
        _tokens.Enter();
        int line = _tokens.Line;
        Expr value = _tokens.SkipIf("-") ? new UnaryExpr(UnaryOp.Negate, Unary(withFilters: false), line)
            : _tokens.SkipIf("+") ? new UnaryExpr(UnaryOp.Plus, Unary(withFilters: false), line)
            : Primary();
        value = _postfix.Members(value);
        value = withFilters ? _postfix.FiltersAndTests(value) : value;
        _tokens.Leave();
        return value;
    }

    /// <summary>Parses a literal, a name, or an expression in brackets.</summary>
    public Expr Primary()
    {
        Token token = _tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                _tokens.Take();
                return token.Text switch
                {
                    "true" or "True" => new LiteralExpr(BoolValue.True, token.Line),
                    "false" or "False" => new LiteralExpr(BoolValue.False, token.Line),
                    "none" or "None" => new LiteralExpr(NoneValue.Instance, token.Line),
                    _ => Name(token),
                };
            case TokenKind.String:
                string text = _tokens.Take().Text;
                while (_tokens.Current.Kind == TokenKind.String)
                {
                    text += _tokens.Take().Text;
                }

                return new LiteralExpr(new StringValue(new OriginText(text, fromTemplate: true)), token.Line);
            case TokenKind.Integer:
                _tokens.Take();
                return new LiteralExpr(new IntValue(ParseInteger(token.Text)), token.Line);
            case TokenKind.Float:
                _tokens.Take();
                return new LiteralExpr(new FloatValue(double.Parse(token.Text, NumberStyles.Float, CultureInfo.InvariantCulture)), token.Line);
            default:
                return token.Is("(") ? Parenthesis() : token.Is("[") ? List() : token.Is("{") ? Dict() : throw _tokens.Unexpected("an expression");
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
        int line = _tokens.Take().Line;
        Expr value = _tokens.Current.Is(")") ? new SequenceExpr([], IsTuple: true, line) : TupleOrExpression();
        _tokens.Expect(")");
        return value;
    }

    private SequenceExpr List()
    {
        int line = _tokens.Take().Line;
        List<Expr> items = [];
        while (!_tokens.Current.Is("]"))
        {
            items.Add(Expression());
            if (!_tokens.SkipIf(",") && !_tokens.Current.Is("]"))
            {
                throw _tokens.Unexpected("',' or ']' in a list");
            }
        }

        _tokens.Take();
        return new SequenceExpr([.. items], IsTuple: false, line);
    }

    private DictExpr Dict()
    {
        int line = _tokens.Take().Line;
        List<(Expr, Expr)> pairs = [];
        while (!_tokens.Current.Is("}"))
        {
            Expr key = Expression();
            _tokens.Expect(":");
            pairs.Add((key, Expression()));
            if (!_tokens.SkipIf(",") && !_tokens.Current.Is("}"))
            {
                throw _tokens.Unexpected("',' or '}' in a dict");
            }
        }

        _tokens.Take();
        return new DictExpr([.. pairs], line);
    }
}
