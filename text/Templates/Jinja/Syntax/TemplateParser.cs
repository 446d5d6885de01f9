using HunyuanOrleans.Text.Templates.Jinja.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Syntax;

/// <summary>Parses statements and the text between them into a tree; expressions are left to <see cref="ExpressionParser"/>.</summary>
internal sealed class TemplateParser
{
    private const string Known = "set, if, for, macro, call, filter, with, do, break, continue, raw, generation";

    private readonly TokenStream tokens;
    private readonly ExpressionParser expressions;
    private int loops;

    private TemplateParser(TokenStream tokens)
    {
        this.tokens = tokens;
        expressions = new ExpressionParser(tokens);
    }

    public static Stmt[] Parse(string source, TemplateOptions options)
    {
        TokenStream tokens = new(Lexer.Tokenize(source, options), options.MaxDepth);
        return new TemplateParser(tokens).Body(opened: 1, tag: null);
    }

    /// <summary>Statements up to one of the end words, which stays current; up to the end of the template where there is no tag.</summary>
    private Stmt[] Body(int opened, string? tag, params string[] ends)
    {
        tokens.Enter();
        List<Stmt> body = [];
        while (tokens.Current.Kind != TokenKind.End)
        {
            Token token = tokens.Take();
            switch (token.Kind)
            {
                case TokenKind.Data:
                    body.Add(new TextStmt(new TracedText(token.Text, fromTemplate: true), token.Line));
                    break;
                case TokenKind.OutputBegin:
                    body.Add(new OutputStmt(expressions.TupleOrExpression(), token.Line));
                    tokens.Expect(TokenKind.OutputEnd, "'}}'");
                    break;
                default:
                    if (tokens.Current.Kind == TokenKind.Name && Array.IndexOf(ends, tokens.Current.Text) >= 0)
                    {
                        tokens.Leave();
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

        tokens.Leave();
        return [.. body];
    }

    private Stmt Statement(int line, string? tag, string[] ends)
    {
        string name = tokens.Expect(TokenKind.Name, "the name of a statement").Text;
        switch (name)
        {
            case "set": return Set(line);
            case "if": return If(line);
            case "for": return For(line);
            case "macro": return Macro(line);
            case "call": return Call(line);
            case "filter": return Filter(line);
            case "with": return With(line);
            case "do": return Close(new DoStmt(expressions.TupleOrExpression(), line));
            case "generation":
                EndTag();
                return new GroupStmt(Closed(line, "generation"), line);
            case "break" or "continue":
                return loops > 0
                    ? Close(new LoopControlStmt(name == "break", line))
                    : throw new TemplateException($"'{name}' outside of a loop", line);
            default:
                throw new TemplateException(
                    name.StartsWith("end", StringComparison.Ordinal) || name is "else" or "elif"
                        ? tag is null
                            ? $"unexpected '{{% {name} %}}', nothing is open"
                            : $"expected '{{% {string.Join(" %}' or '{% ", ends)} %}}' for the open '{{% {tag} %}}', found '{{% {name} %}}'"
                        : $"unknown statement '{name}'; known are {Known}",
                    line);
        }
    }

    private Stmt Set(int line)
    {
        AssignTarget target = Target(allowAttribute: true, "=");
        if (tokens.Skip("="))
        {
            return Close(new SetStmt(target, expressions.TupleOrExpression(), line));
        }

        FilterUse[] filters = expressions.Filters();
        if (tokens.Current.Kind != TokenKind.BlockEnd)
        {
            throw tokens.Unexpected("'=' or '%}' in a set");
        }

        EndTag();
        return new SetBlockStmt(target, filters, Closed(line, "set"), line);
    }

    private IfStmt If(int line)
    {
        List<(Expr, Stmt[])> branches = [];
        Stmt[] otherwise = [];
        while (true)
        {
            Expr condition = expressions.TupleOrExpression();
            EndTag();
            branches.Add((condition, Body(line, "if", "elif", "else", "endif")));
            string word = tokens.Take().Text;
            if (word == "elif")
            {
                continue;
            }

            if (word == "else")
            {
                EndTag();
                otherwise = Body(line, "if", "endif");
                tokens.Take();
            }

            EndTag();
            return new IfStmt([.. branches], otherwise, line);
        }
    }

    private ForStmt For(int line)
    {
        AssignTarget target = Target(allowAttribute: false, "in");
        tokens.ExpectName("in");
        Expr items = expressions.TupleOrExpression(allowConditional: false);
        Expr? filter = tokens.SkipName("if") ? expressions.Expression() : null;
        bool recursive = tokens.SkipName("recursive");
        EndTag();
        loops++;
        Stmt[] body = Body(line, "for", "else", "endfor");
        loops--;
        Stmt[] otherwise = [];
        if (tokens.Take().Text == "else")
        {
            EndTag();
            otherwise = Body(line, "for", "endfor");
            tokens.Take();
        }

        EndTag();
        return new ForStmt(target, items, filter, recursive, body, otherwise, line);
    }

    private MacroStmt Macro(int line)
    {
        string name = tokens.Expect(TokenKind.Name, "the name of the macro").Text;
        (string, Expr?)[] parameters = Parameters();
        return new MacroStmt(MacroBlock(line, "macro", name, parameters), line);
    }

    private CallBlockStmt Call(int line)
    {
        (string, Expr?)[] parameters = tokens.Current.Is("(") ? Parameters() : [];
        CallExpr call = expressions.Expression() as CallExpr ?? throw new TemplateException("'{% call %}' needs the call of a macro", line);
        return new CallBlockStmt(call, MacroBlock(line, "call", "caller", parameters), line);
    }

    private MacroBody MacroBlock(int line, string tag, string name, (string, Expr?)[] parameters)
    {
        EndTag();
        int outerLoops = loops;
        HashSet<string> outerNames = expressions.NamesRead;
        loops = 0;
        expressions.NamesRead = [];
        Stmt[] body = Closed(line, tag);
        HashSet<string> names = expressions.NamesRead;
        loops = outerLoops;
        expressions.NamesRead = outerNames;
        return new MacroBody(name, parameters, body, names.Contains("varargs"), names.Contains("kwargs"));
    }

    private (string Name, Expr? Default)[] Parameters()
    {
        tokens.Expect("(");
        List<(string Name, Expr? Default)> parameters = [];
        while (!tokens.Current.Is(")"))
        {
            Token name = tokens.Expect(TokenKind.Name, "the name of a parameter");
            Expr? value = tokens.Skip("=") ? expressions.Expression() : null;
            if (value is null && parameters.Count > 0 && parameters[^1].Default is not null)
            {
                throw new TemplateException($"parameter '{name.Text}' has no default but follows one that has", name.Line);
            }

            if (parameters.Exists(p => p.Name == name.Text))
            {
                throw new TemplateException($"parameter '{name.Text}' is given twice", name.Line);
            }

            parameters.Add((name.Text, value));
            if (!tokens.Skip(",") && !tokens.Current.Is(")"))
            {
                throw tokens.Unexpected("',' or ')' in the parameters");
            }
        }

        tokens.Take();
        return [.. parameters];
    }

    private FilterBlockStmt Filter(int line)
    {
        FilterUse[] filters = expressions.Filters(firstWithoutBar: true);
        EndTag();
        return new FilterBlockStmt(filters, Closed(line, "filter"), line);
    }

    private WithStmt With(int line)
    {
        List<(AssignTarget, Expr)> variables = [];
        while (tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (variables.Count > 0)
            {
                tokens.Expect(",");
            }

            AssignTarget target = Target(allowAttribute: false, "=");
            tokens.Expect("=");
            variables.Add((target, expressions.Expression()));
        }

        EndTag();
        return new WithStmt([.. variables], Closed(line, "with"), line);
    }

    private AssignTarget Target(bool allowAttribute, string until)
    {
        int line = tokens.Line;
        List<AssignTarget> parts = [];
        bool several = false;
        do
        {
            if (parts.Count > 0 && (tokens.Current.Is(until) || tokens.Current.IsName(until)))
            {
                break;
            }

            parts.Add(TargetPart(allowAttribute));
            several |= tokens.Current.Is(",");
        }
        while (tokens.Skip(","));
        return several ? new AssignTarget(null, null, [.. parts], line) : parts[0];
    }

    private AssignTarget TargetPart(bool allowAttribute)
    {
        int line = tokens.Line;
        if (tokens.Skip("("))
        {
            tokens.Enter();
            AssignTarget inner = Target(allowAttribute, ")");
            tokens.Leave();
            tokens.Expect(")");
            return inner;
        }

        string name = tokens.Expect(TokenKind.Name, "a name to assign to").Text;
        if (name is "true" or "false" or "none" or "True" or "False" or "None")
        {
            throw new TemplateException($"cannot assign to '{name}'", line);
        }

        string? attribute = allowAttribute && tokens.Skip(".") ? tokens.Expect(TokenKind.Name, "an attribute name after '.'").Text : null;
        return new AssignTarget(name, attribute, null, line);
    }

    private Stmt[] Closed(int line, string tag)
    {
        Stmt[] body = Body(line, tag, "end" + tag);
        tokens.Take();
        EndTag();
        return body;
    }

    private Stmt Close(Stmt statement)
    {
        EndTag();
        return statement;
    }

    private void EndTag() => tokens.Expect(TokenKind.BlockEnd, "'%}'");
}
