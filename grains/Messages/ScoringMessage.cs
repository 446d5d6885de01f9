using HunyuanOrleans.Engine.Execution;

namespace HunyuanOrleans.Grains.Messages;

/// <summary>The rows of a slice whose log probabilities are wanted; <see cref="RowScoring"/> documents each value.</summary>
/// <param name="FirstRow">Index in the slice of the first of these rows.</param>
/// <param name="Targets">The token that follows each of them.</param>
/// <param name="Alternatives">Number of most probable tokens that are wanted for each row besides.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.scoring")]
public sealed record ScoringMessage([property: Id(0)] int FirstRow, [property: Id(1)] int[] Targets, [property: Id(2)] int Alternatives)
{
    /// <summary>Creates the message of the rows; null if there are none.</summary>
    public static ScoringMessage? Of(in RowScoring scoring) =>
        scoring.Count == 0 ? null : new ScoringMessage(scoring.FirstRow, scoring.Targets.ToArray(), scoring.Alternatives);
}
