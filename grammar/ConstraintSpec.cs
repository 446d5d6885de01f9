using System.Globalization;
using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;
using HunyuanOrleans.Grammar.Patterns;
using HunyuanOrleans.Grammar.Schemas;

namespace HunyuanOrleans.Grammar;

/// <summary>
/// What an answer must look like, as its caller says it. Parts compose: a tool call is a sequence of a literal, a schema and a
/// literal. Immutable; nothing is checked before <see cref="ConstraintCompiler.Compile"/>.
/// </summary>
public sealed class ConstraintSpec
{
    private readonly Func<AutomatonScope, JsonGrammar, Node> _read;

    private ConstraintSpec(string text, Func<AutomatonScope, JsonGrammar, Node> read)
    {
        Text = text;
        _read = read;
    }

    /// <summary>Any JSON object.</summary>
    public static ConstraintSpec Json { get; } = new("j", static (_, json) => json.Object);

    /// <summary>The spec as a text that <see cref="Parse"/> reads back, for the way to another process; equal for equal specs.</summary>
    public string Text { get; }

    /// <summary>JSON that a schema allows, its properties in the schema's order.</summary>
    /// <param name="schema">The schema's text.</param>
    public static ConstraintSpec JsonSchema(string schema)
        => new(Tagged('s', schema), (scope, json) => SchemaCompiler.Compile(scope, json, schema));

    /// <summary>Text that a regular expression matches from beginning to end.</summary>
    /// <param name="pattern">The expression.</param>
    public static ConstraintSpec Regex(string pattern)
        => new(Tagged('r', pattern), (scope, _) => RegexParser.Parse(
            scope, pattern, PlainCode.Instance, search: false, calls: true, "The regular expression"));

    /// <summary>One of some texts.</summary>
    /// <param name="texts">The texts, at least one.</param>
    public static ConstraintSpec Choice(params IReadOnlyList<string> texts)
        => OneOf([.. texts.Select(Literal)]);

    /// <summary>Exactly this text.</summary>
    public static ConstraintSpec Literal(string text) => new(Tagged('l', text), (_, _) => new BytesNode(text));

    /// <summary>Exactly this token, which has no visible text: a special token of a template.</summary>
    public static ConstraintSpec Special(int token)
        => new(Tagged('t', token.ToString(CultureInfo.InvariantCulture)), (_, _) => new BytesNode(Masks.TokenVocabulary.CodeOf(token)));

    /// <summary>One part after the other.</summary>
    public static ConstraintSpec Sequence(params IReadOnlyList<ConstraintSpec> parts)
        => new(Joined('q', parts), (scope, json) => new SequenceNode([.. parts.Select(part => part.Read(scope, json))]));

    /// <summary>One of several.</summary>
    public static ConstraintSpec OneOf(params IReadOnlyList<ConstraintSpec> alternatives)
        => new(Joined('o', alternatives), (scope, json) => new ChoiceNode([.. alternatives.Select(part => part.Read(scope, json))]));

    /// <summary>The same several times.</summary>
    /// <param name="part">What is repeated.</param>
    /// <param name="min">Fewest times.</param>
    /// <param name="max">Most times; null for any number.</param>
    public static ConstraintSpec Repeat(ConstraintSpec part, int min, int? max)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(min);
        if (max < min)
        {
            throw new ArgumentOutOfRangeException(nameof(max), max, $"At least {min}.");
        }

        return new(string.Create(CultureInfo.InvariantCulture, $"x{min},{max}:{part.Text}"), (scope, json) => new RepeatNode(part.Read(scope, json), min, max));
    }

    /// <summary>The same, where errors name another parameter than that of the whole: the one this part comes from.</summary>
    /// <param name="parameter">The parameter, such as <c>tools[2].function.parameters</c>.</param>
    /// <param name="part">The part.</param>
    public static ConstraintSpec Named(string parameter, ConstraintSpec part)
        => new(Tagged('n', parameter) + part.Text, (scope, json) =>
        {
            try
            {
                return part.Read(scope, json);
            }
            catch (ConstraintException wrong)
            {
                throw new ConstraintException(parameter, $"{parameter}: {wrong.Message}");
            }
        });

    /// <summary>The spec of a <see cref="Text"/>.</summary>
    /// <exception cref="FormatException">The text is none.</exception>
    public static ConstraintSpec Parse(string text) => new ConstraintSpecReader(text).Read();

    internal Node Read(AutomatonScope scope, JsonGrammar json) => _read(scope, json);

    /// <summary>Lengths in front, so that no text can look like the end of one part and the beginning of the next.</summary>
    private static string Tagged(char tag, string text) => string.Create(CultureInfo.InvariantCulture, $"{tag}{text.Length}:{text}");

    private static string Joined(char tag, IReadOnlyList<ConstraintSpec> parts)
        => string.Create(CultureInfo.InvariantCulture, $"{tag}{parts.Count}:{string.Concat(parts.Select(static part => part.Text))}");
}
