using HunyuanOrleans.Text.Templates.Jinja.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Syntax;

/// <summary>Parses statements and the text between them. <see cref="ExpressionParser"/> parses the expressions.</summary>
internal sealed class TemplateParser
{
    private const string KnownStatements = "set, if, for, macro, call, filter, with, do, break, continue, raw, generation";

    private readonly TokenStream _tokens;
    private readonly ExpressionParser _expressions;
    private int _loopDepth;

    private TemplateParser(TokenStream tokens)
    {
        _tokens = tokens;
        _expressions = new ExpressionParser(tokens);
    }

    public static Stmt[] Parse(string source, TemplateOptions options)
    {
        TokenStream tokens = new(Lexer.Tokenize(source, options), options.MaxDepth);
        return new TemplateParser(tokens).Body(opened: 1, tag: null);
    }

    /// <summary>Parses statements up to one of the end words, which becomes the current token, or up to the end of the template.</summary>
    /// <param name="opened">The line of the enclosing tag, from 1.</param>
    /// <param name="tag">The enclosing tag; null at the top level.</param>
    /// <param name="ends">The words that end the body.</param>
    private Stmt[] Body(int opened, string? tag, params string[] ends)
    {
        _tokens.Enter();
        List<Stmt> body = [];
        while (_tokens.Current.Kind != TokenKind.End)
        {
            Token token = _tokens.Take();
            switch (token.Kind)
            {
                case TokenKind.Data:
                    body.Add(new TextStmt(new OriginText(token.Text, fromTemplate: true), token.Line));
                    break;
                case TokenKind.OutputBegin:
                    body.Add(new OutputStmt(_expressions.TupleOrExpression(), token.Line));
                    _tokens.Expect(TokenKind.OutputEnd, "'}}'");
                    break;
                default:
                    if (_tokens.Current.Kind == TokenKind.Name && Array.IndexOf(ends, _tokens.Current.Text) >= 0)
                    {
                        _tokens.Leave();
                        return [.. body];
                    }

                    body.Add(Statement(token.Line, tag, ends));
                    break;
            }
        }

        if (tag is not null)
        {
            throw new TemplateException($"'{{% {tag} %}}' is never closed; expected '{{% {ends[^1]} %}}'", opened);
        }

        _tokens.Leave();
        return [.. body];
    }

    private Stmt Statement(int line, string? tag, string[] ends)
    {
        string name = _tokens.Expect(TokenKind.Name, "the name of a statement").Text;
        switch (name)
        {
            case "set": return Set(line);
            case "if": return If(line);
            case "for": return For(line);
            case "macro": return Macro(line);
            case "call": return Call(line);
            case "filter": return Filter(line);
            case "with": return With(line);
            case "do": return WithEndTag(new DoStmt(_expressions.TupleOrExpression(), line));
            case "generation":
                EndTag();
                return new GroupStmt(BodyAndEndTag(line, "generation"), line);
            case "break" or "continue":
                return _loopDepth > 0
                    ? WithEndTag(new LoopControlStmt(name == "break", line))
                    : throw new TemplateException($"'{name}' outside of a loop", line);
            default:
                throw new TemplateException(
                    name.StartsWith("end", StringComparison.Ordinal) || name is "else" or "elif"
                        ? tag is null
                            ? $"unexpected '{{% {name} %}}', nothing is open"
                            : $"expected '{{% {string.Join(" %}' or '{% ", ends)} %}}' for the open '{{% {tag} %}}', found '{{% {name} %}}'"
                        : $"unknown statement '{name}'; known are {KnownStatements}",
                    line);
        }
    }

    private Stmt Set(int line)
    {
        AssignTarget target = Target(allowAttribute: true, "=");
        if (_tokens.SkipIf("="))
        {
            return WithEndTag(new SetStmt(target, _expressions.TupleOrExpression(), line));
        }

        FilterCall[] filters = _expressions.Filters();
        if (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            throw _tokens.Unexpected("'=' or '%}' in a set");
        }

        EndTag();
        return new SetBlockStmt(target, filters, BodyAndEndTag(line, "set"), line);
    }

    private IfStmt If(int line)
    {
        List<(Expr, Stmt[])> branches = [];
        Stmt[] otherwise = [];
        while (true)
        {
            Expr condition = _expressions.TupleOrExpression();
            EndTag();
            branches.Add((condition, Body(line, "if", "elif", "else", "endif")));
            string word = _tokens.Take().Text;
            if (word == "elif")
            {
                continue;
            }

            if (word == "else")
            {
                EndTag();
                otherwise = Body(line, "if", "endif");
                _tokens.Take();
            }

            EndTag();
            return new IfStmt([.. branches], otherwise, line);
        }
    }

    private ForStmt For(int line)
    {
        AssignTarget target = Target(allowAttribute: false, "in");
        _tokens.ExpectName("in");
        Expr items = _expressions.TupleOrExpression(allowConditional: false);
        Expr? filter = _tokens.SkipIfName("if") ? _expressions.Expression() : null;
        bool recursive = _tokens.SkipIfName("recursive");
        EndTag();
        _loopDepth++;
        Stmt[] body = Body(line, "for", "else", "endfor");
        _loopDepth--;
        Stmt[] otherwise = [];
        if (_tokens.Take().Text == "else")
        {
            EndTag();
            otherwise = Body(line, "for", "endfor");
            _tokens.Take();
        }

        EndTag();
        return new ForStmt(target, items, filter, recursive, body, otherwise, line);
    }

    private MacroStmt Macro(int line)
    {
        string name = _tokens.Expect(TokenKind.Name, "the name of the macro").Text;
        (string, Expr?)[] parameters = Parameters();
        return new MacroStmt(MacroBlock(line, "macro", name, parameters), line);
    }

    private CallBlockStmt Call(int line)
    {
        (string, Expr?)[] parameters = _tokens.Current.Is("(") ? Parameters() : [];
        CallExpr call = _expressions.Expression() as CallExpr ?? throw new TemplateException("'{% call %}' needs the call of a macro", line);
        return new CallBlockStmt(call, MacroBlock(line, "call", "caller", parameters), line);
    }

    private MacroBody MacroBlock(int line, string tag, string name, (string, Expr?)[] parameters)
    {
        EndTag();
        int outerLoopDepth = _loopDepth;
        HashSet<string> outerNames = _expressions.NamesRead;
        _loopDepth = 0;
        _expressions.NamesRead = [];
        Stmt[] body = BodyAndEndTag(line, tag);
        HashSet<string> names = _expressions.NamesRead;
        _loopDepth = outerLoopDepth;
        _expressions.NamesRead = outerNames;
        return new MacroBody(name, parameters, body, names.Contains("varargs"), names.Contains("kwargs"));
    }

    private (string Name, Expr? Default)[] Parameters()
    {
        _tokens.Expect("(");
        List<(string Name, Expr? Default)> parameters = [];
        while (!_tokens.Current.Is(")"))
        {
            Token name = _tokens.Expect(TokenKind.Name, "the name of a parameter");
            Expr? value = _tokens.SkipIf("=") ? _expressions.Expression() : null;
            if (value is null && parameters.Count > 0 && parameters[^1].Default is not null)
            {
                throw new TemplateException($"parameter '{name.Text}' has no default but follows one that has", name.Line);
            }

            if (parameters.Exists(p => p.Name == name.Text))
            {
                throw new TemplateException($"parameter '{name.Text}' is given twice", name.Line);
            }

            parameters.Add((name.Text, value));
            if (!_tokens.SkipIf(",") && !_tokens.Current.Is(")"))
            {
                throw _tokens.Unexpected("',' or ')' in the parameters");
            }
        }

        _tokens.Take();
        return [.. parameters];
    }

    private FilterBlockStmt Filter(int line)
    {
        FilterCall[] filters = _expressions.Filters(firstWithoutPipe: true);
        EndTag();
        return new FilterBlockStmt(filters, BodyAndEndTag(line, "filter"), line);
    }

    private WithStmt With(int line)
    {
        List<(AssignTarget, Expr)> variables = [];
        while (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (variables.Count > 0)
            {
                _tokens.Expect(",");
            }

            AssignTarget target = Target(allowAttribute: false, "=");
            _tokens.Expect("=");
            variables.Add((target, _expressions.Expression()));
        }

        EndTag();
        return new WithStmt([.. variables], BodyAndEndTag(line, "with"), line);
    }

    private AssignTarget Target(bool allowAttribute, string until)
    {
        int line = _tokens.Line;
        List<AssignTarget> parts = [];
        bool several = false;
        do
        {
            if (parts.Count > 0 && (_tokens.Current.Is(until) || _tokens.Current.IsName(until)))
            {
                break;
            }

            parts.Add(TargetPart(allowAttribute));
            several |= _tokens.Current.Is(",");
        }
        while (_tokens.SkipIf(","));
        return several ? new AssignTarget(null, null, [.. parts], line) : parts[0];
    }

    private AssignTarget TargetPart(bool allowAttribute)
    {
        int line = _tokens.Line;
        if (_tokens.SkipIf("("))
        {
            _tokens.Enter();
            AssignTarget inner = Target(allowAttribute, ")");
            _tokens.Leave();
            _tokens.Expect(")");
            return inner;
        }

        string name = _tokens.Expect(TokenKind.Name, "a name to assign to").Text;
        if (name is "true" or "false" or "none" or "True" or "False" or "None")
        {
            throw new TemplateException($"cannot assign to '{name}'", line);
        }

        string? attribute = allowAttribute && _tokens.SkipIf(".") ? _tokens.Expect(TokenKind.Name, "an attribute name after '.'").Text : null;
        return new AssignTarget(name, attribute, null, line);
    }

    private Stmt[] BodyAndEndTag(int line, string tag)
    {
        Stmt[] body = Body(line, tag, "end" + tag);
        _tokens.Take();
        EndTag();
        return body;
    }

    private Stmt WithEndTag(Stmt statement)
    {
        EndTag();
        return statement;
    }

    private void EndTag() => _tokens.Expect(TokenKind.BlockEnd, "'%}'");
}
