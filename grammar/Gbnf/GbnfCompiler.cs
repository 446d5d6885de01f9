using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Gbnf;

/// <summary>
/// Compiles a grammar in llama.cpp's notation, GBNF: rules of the form <c>name ::= …</c>, of which <c>root</c> describes the whole text.
/// Rules may refer to each other and to themselves, but not before they read a character (left recursion).
/// </summary>
internal static class GbnfCompiler
{
    private const int MaxRules = 5_000;

    /// <summary>Compiles a grammar.</summary>
    /// <param name="context">The constraint's ids and limits.</param>
    /// <param name="grammar">The grammar.</param>
    /// <exception cref="ConstraintException">The grammar is malformed, too large or refers to a rule that it does not define.</exception>
    public static GrammarNode Compile(GrammarContext context, string grammar)
    {
        GbnfText text = new(context, grammar);
        Dictionary<string, NfaRule> rules = [];
        Dictionary<string, (GrammarNode Body, int At)> definitions = [];
        GbnfParser parser = new(context, text, rules);
        text.SkipSpace();
        while (text.Next is not null)
        {
            (string name, int at) = ParseHead(text);
            if (definitions.TryGetValue(name, out (GrammarNode Body, int At) first))
            {
                throw text.Error(at, $"defines the rule \"{name}\" again, after {text.PlaceOf(first.At)}");
            }

            definitions.Add(name, (parser.ParseAlternatives(), at));
            if (text.Next == ')')
            {
                throw text.Error(text.At, "has a ) without its (");
            }

            if (definitions.Count > MaxRules)
            {
                throw text.Error(at, $"has more than {MaxRules} rules");
            }
        }

        if (!definitions.ContainsKey("root"))
        {
            throw context.Error("The grammar has no rule \"root\", which describes the whole text: root ::= …");
        }

        if (parser.References.Find(reference => !definitions.ContainsKey(reference.Name)) is { } missing)
        {
            throw text.Error(missing.At, $"refers to the rule \"{missing.Name}\", which it does not define");
        }

        foreach ((string name, (_, int at)) in definitions)
        {
            rules.Add(name, new NfaRule(context, $"The grammar's rule \"{name}\" ({text.PlaceOf(at)})"));
        }

        foreach ((string name, (GrammarNode body, _)) in definitions)
        {
            rules[name].SetBody(body);
        }

        return new CallNode(rules["root"]);
    }

    private static (string Name, int At) ParseHead(GbnfText text)
    {
        int at = text.At;
        string name = text.TryTakeName() ?? throw text.Error(at, $"has a {text.Next} where a rule's name is expected: root ::= …");
        text.SkipSpace();
        return text.TryTake("::=") ? (name, at) : throw text.Error(text.At, $"lacks ::= behind the rule's name \"{name}\"");
    }
}
