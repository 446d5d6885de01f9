using HunyuanOrleans.Grammar;
using HunyuanOrleans.Server.Tools;
using HunyuanOrleans.Text.Answers;

namespace HunyuanOrleans.Server.Generation;

/// <summary>What the text of a chat's answers consists of.</summary>
/// <param name="Tools">The tools that an answer may call.</param>
/// <param name="Reasoning">How the model marks its reasoning; null if it does not reason.</param>
/// <param name="Start">Where the prompt lets an answer begin.</param>
/// <param name="ShowReasoning">Whether the response contains the reasoning.</param>
internal sealed record AnswerOptions(ToolChoice Tools, ReasoningFormat? Reasoning, ReasoningStart Start, bool ShowReasoning)
{
    /// <summary>Text only.</summary>
    public static AnswerOptions Text { get; } = new(ToolChoice.None, null, ReasoningStart.Unknown, ShowReasoning: false);

    /// <summary>Creates the parser of one answer.</summary>
    public AnswerParser CreateParser() => new(
        Reasoning, Start, Tools.MayCall ? Tools.Format.CreateParser(Tools.Single ? 1 : int.MaxValue, Tools.MustCall, Tools.ParametersOf) : null);

    /// <summary>Lets a constraint bind from the end of the reasoning.</summary>
    public StructuredOutput? AfterReasoning(StructuredOutput? output) =>
        output is null || Reasoning is null ? output : output with { Constraint = ReasoningGrammar.Wrap(output.Constraint, Reasoning, Start) };
}
