namespace HunyuanOrleans.Text.Templates.Jinja.Syntax;

/// <summary>Reads the tokens of a template in order, and bounds the nesting depth of the parser.</summary>
internal sealed class TokenStream(List<Token> tokens, int maxDepth)
{
    private int _index;
    private int _depth;

    public Token Current => tokens[_index];

    public Token Following => tokens[Math.Min(_index + 1, tokens.Count - 1)];

    public int Line => Current.Line;

    public Token Take()
    {
        Token token = tokens[_index];
        _index = Math.Min(_index + 1, tokens.Count - 1);
        return token;
    }

    public bool SkipIf(string op)
    {
        bool found = Current.Is(op);
        if (found)
        {
            Take();
        }

        return found;
    }

    public bool SkipIfName(string name)
    {
        bool found = Current.IsName(name);
        if (found)
        {
            Take();
        }

        return found;
    }

    public Token Expect(string op) => Current.Is(op) ? Take() : throw Unexpected($"'{op}'");

    public Token Expect(TokenKind kind, string expected) => Current.Kind == kind ? Take() : throw Unexpected(expected);

    public void ExpectName(string name)
    {
        if (!SkipIfName(name))
        {
            throw Unexpected($"'{name}'");
        }
    }

    public TemplateException Unexpected(string expected) => new($"expected {expected}, found {Current.Describe()}", Line);

    public void Enter()
    {
        if (++_depth > maxDepth)
        {
            throw new TemplateException($"nested deeper than {maxDepth} levels (TemplateOptions.MaxDepth)", Line);
        }
    }

    public void Leave() => _depth--;
}
