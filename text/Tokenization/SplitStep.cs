namespace HunyuanOrleans.Text.Tokenization;

/// <summary>One step of an alternative: a set, repeated greedily.</summary>
/// <param name="Set">What one code point must be in.</param>
/// <param name="Minimum">The fewest repetitions.</param>
/// <param name="Maximum">The most repetitions.</param>
/// <param name="Possessive">Whether it never gives back what it took.</param>
internal sealed record SplitStep(CodePointSet Set, int Minimum, int Maximum, bool Possessive);
