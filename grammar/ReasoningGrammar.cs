using HunyuanOrleans.Text.Answers;

namespace HunyuanOrleans.Grammar;

/// <summary>The grammar of an answer whose form is constrained, by a model that may reason first.</summary>
public static class ReasoningGrammar
{
    private const string Break = "\n";

    /// <summary>Allows any reasoning, then the marks of an answer around the constrained text.</summary>
    /// <param name="answer">The constraint on the answer.</param>
    /// <param name="format">The marks of the model.</param>
    /// <param name="start">Where the answer begins.</param>
    public static ConstraintSpec Wrap(ConstraintSpec answer, ReasoningFormat format, ReasoningStart start)
    {
        ConstraintSpec plain = Marked(answer, format);
        ConstraintSpec reasoning = ConstraintSpec.Sequence(ConstraintSpec.Until(format.Close), format.Trims ? Maybe(Break) : ConstraintSpec.Literal(""), plain);
        return start switch
        {
            ReasoningStart.Inside or ReasoningStart.Continued => reasoning,
            ReasoningStart.After => plain,
            _ => ConstraintSpec.OneOf(ConstraintSpec.Sequence(ConstraintSpec.Literal(format.Open), reasoning), plain),
        };
    }

    private static ConstraintSpec Marked(ConstraintSpec answer, ReasoningFormat format) => format is { AnswerOpen: { } open, AnswerClose: { } close }
        ? ConstraintSpec.Sequence(
            ConstraintSpec.Repeat(ConstraintSpec.Sequence(ConstraintSpec.Literal(open), Maybe(Break)), 0, 1),
            answer,
            ConstraintSpec.Repeat(ConstraintSpec.Sequence(Maybe(Break), ConstraintSpec.Literal(close)), 0, 1))
        : answer;

    private static ConstraintSpec Maybe(string text) => ConstraintSpec.Repeat(ConstraintSpec.Literal(text), 0, 1);
}
