using System.Globalization;
using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Gbnf;
using HunyuanOrleans.Grammar.Nodes;
using HunyuanOrleans.Grammar.Patterns;
using HunyuanOrleans.Grammar.Schemas;

namespace HunyuanOrleans.Grammar;

/// <summary>
/// Describes the form that an answer must have. Specifications compose: a tool call is a sequence of a literal, a schema and a literal.
/// Immutable. Errors in a specification are found by <see cref="ConstraintCompiler.Compile"/>.
/// </summary>
public sealed class ConstraintSpec
{
    private readonly Func<GrammarContext, JsonGrammar, GrammarNode> _toGrammar;

    private ConstraintSpec(string text, Func<GrammarContext, JsonGrammar, GrammarNode> toGrammar)
    {
        Text = text;
        _toGrammar = toGrammar;
    }

    /// <summary>Any JSON object.</summary>
    public static ConstraintSpec JsonObject { get; } = new("j", static (_, json) => json.Object);

    /// <summary>
    /// The specification in a text form that can be sent to another process and read by <see cref="Parse"/>. Equal specifications have
    /// equal texts.
    /// </summary>
    public string Text { get; }

    /// <summary>A JSON document that a schema allows, with its properties in the schema's order.</summary>
    /// <param name="schema">The JSON schema as JSON text.</param>
    public static ConstraintSpec JsonSchema(string schema)
        => new(Tagged('s', schema), (context, json) => SchemaCompiler.Compile(context, json, schema));

    /// <summary>A text that a regular expression matches as a whole.</summary>
    /// <param name="pattern">The regular expression.</param>
    public static ConstraintSpec Regex(string pattern)
        => new(Tagged('r', pattern), (context, _) => RegexParser.Parse(
            context, pattern, Utf8CharacterEncoding.Instance, search: false, allowRules: true, "The regular expression"));

    /// <summary>A text that a grammar in llama.cpp's notation (GBNF) describes with its rule <c>root</c>.</summary>
    /// <param name="grammar">The grammar.</param>
    public static ConstraintSpec Grammar(string grammar)
        => new(Tagged('g', grammar), (context, _) => GbnfCompiler.Compile(context, grammar));

    /// <summary>One of the given texts.</summary>
    /// <param name="texts">The texts, at least one.</param>
    public static ConstraintSpec Choice(params IReadOnlyList<string> texts)
        => OneOf([.. texts.Select(Literal)]);

    /// <summary>Exactly this text.</summary>
    public static ConstraintSpec Literal(string text) => new(Tagged('l', text), (_, _) => new LiteralNode(text));

    /// <summary>Any text that ends with a mark and contains it nowhere else.</summary>
    /// <param name="mark">The mark, of 1 to 64 characters.</param>
    public static ConstraintSpec Until(string mark)
    {
        ArgumentException.ThrowIfNullOrEmpty(mark);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(mark.Length, UntilNode.MaxLength, nameof(mark));
        return new(Tagged('u', mark), (_, _) => new UntilNode(mark));
    }

    /// <summary>Exactly this token, which has no visible text, such as a special token of a chat template.</summary>
    public static ConstraintSpec SpecialToken(int token)
        => new(Tagged('t', token.ToString(CultureInfo.InvariantCulture)), (_, _) => new LiteralNode(Masks.TokenVocabulary.SpecialCodeOf(token)));

    /// <summary>All parts in the given order.</summary>
    public static ConstraintSpec Sequence(params IReadOnlyList<ConstraintSpec> parts)
        => new(Joined('q', parts), (context, json) => new SequenceNode([.. parts.Select(part => part.ToGrammar(context, json))]));

    /// <summary>One of the alternatives.</summary>
    public static ConstraintSpec OneOf(params IReadOnlyList<ConstraintSpec> alternatives)
        => new(Joined('o', alternatives), (context, json) => new ChoiceNode([.. alternatives.Select(part => part.ToGrammar(context, json))]));

    /// <summary>A part repeated a number of times.</summary>
    /// <param name="part">The part to repeat.</param>
    /// <param name="min">Minimum number of repeats, at least 0.</param>
    /// <param name="max">Maximum number of repeats, at least <paramref name="min"/>; null for no limit.</param>
    public static ConstraintSpec Repeat(ConstraintSpec part, int min, int? max)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(min);
        if (max < min)
        {
            throw new ArgumentOutOfRangeException(nameof(max), max, $"At least {min}.");
        }

        string text = string.Create(CultureInfo.InvariantCulture, $"x{min},{max}:{part.Text}");
        return new(text, (context, json) => new RepeatNode(part.ToGrammar(context, json), min, max));
    }

    /// <summary>
    /// Text that is free until a trigger comes. Then the trigger's continuation must follow, and after it the text is free again. The text
    /// may end wherever it is free.
    /// </summary>
    /// <param name="tags">
    /// The triggers, none of them empty, with what must follow each. A trigger whose continuation is <see cref="OneOf"/> of nothing never comes.
    /// </param>
    /// <param name="single">True if the text ends with the first continuation.</param>
    public static ConstraintSpec TaggedText(IReadOnlyList<(string Trigger, ConstraintSpec Continuation)> tags, bool single = false)
    {
        if (tags.Any(static tag => tag.Trigger.Length == 0))
        {
            throw new ArgumentException("A trigger is empty.", nameof(tags));
        }

        string parts = string.Concat(tags.Select(static tag => $"{Tagged('l', tag.Trigger)}{tag.Continuation.Text}"));
        string text = string.Create(CultureInfo.InvariantCulture, $"{(single ? 'v' : 'p')}{tags.Count}:{parts}");
        return new(text, (context, json) => new TaggedTextNode([.. tags.Select(tag => (tag.Trigger, tag.Continuation.ToGrammar(context, json)))], single));
    }

    /// <summary>A part that comes from its own request parameter, which errors in this part name.</summary>
    /// <param name="parameter">Name of the parameter, such as <c>tools[2].function.parameters</c>.</param>
    /// <param name="part">The part.</param>
    public static ConstraintSpec ForParameter(string parameter, ConstraintSpec part)
        => new(Tagged('n', parameter) + part.Text, (context, json) =>
        {
            try
            {
                return part.ToGrammar(context, json);
            }
            catch (ConstraintException exception)
            {
                throw new ConstraintException(parameter, $"{parameter}: {exception.Message}");
            }
        });

    /// <summary>
    /// A part in which JSON numbers without bounds may have any number of digits. Elsewhere, integers lie between -(2^53 - 1) and 2^53 - 1,
    /// and other numbers have at most 16 digits before and 17 behind the decimal point and 2 in an exponent, so that every JSON reader
    /// takes them.
    /// </summary>
    /// <param name="part">The part.</param>
    public static ConstraintSpec AnyNumbers(ConstraintSpec part) => new($"w{part.Text}", (context, json) => part.ToGrammar(context, json.AnyNumbers));

    /// <summary>Reads a specification from its <see cref="Text"/>.</summary>
    /// <exception cref="FormatException">The text is not a valid specification.</exception>
    public static ConstraintSpec Parse(string text) => new ConstraintSpecParser(text).Parse();

    internal GrammarNode ToGrammar(GrammarContext context, JsonGrammar json) => _toGrammar(context, json);

    /// <summary>Writes a tag and a text with the text's length in front, so that no text can be mistaken for the next part.</summary>
    private static string Tagged(char tag, string text) => string.Create(CultureInfo.InvariantCulture, $"{tag}{text.Length}:{text}");

    private static string Joined(char tag, IReadOnlyList<ConstraintSpec> parts)
        => string.Create(CultureInfo.InvariantCulture, $"{tag}{parts.Count}:{string.Concat(parts.Select(static part => part.Text))}");
}
