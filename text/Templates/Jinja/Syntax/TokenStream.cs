namespace HunyuanOrleans.Text.Templates.Jinja.Syntax;

/// <summary>The tokens of a template with a place to read from, and the nesting depth of what is being parsed.</summary>
internal sealed class TokenStream(List<Token> tokens, int maxDepth)
{
    private int index;
    private int depth;

    public Token Current => tokens[index];

    public Token Following => tokens[Math.Min(index + 1, tokens.Count - 1)];

    public int Line => Current.Line;

    public Token Take()
    {
        Token token = tokens[index];
        index = Math.Min(index + 1, tokens.Count - 1);
        return token;
    }

    public bool Skip(string op)
    {
        bool found = Current.Is(op);
        if (found)
        {
            Take();
        }

        return found;
    }

    public bool SkipName(string name)
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
        if (!SkipName(name))
        {
            throw Unexpected($"'{name}'");
        }
    }

    public TemplateException Unexpected(string expected) => new($"expected {expected}, found {Current.Describe()}", Line);

    public void Enter()
    {
        if (++depth > maxDepth)
        {
            throw new TemplateException($"nested deeper than {maxDepth} levels (TemplateOptions.MaxDepth)", Line);
        }
    }

    public void Leave() => depth--;
}
