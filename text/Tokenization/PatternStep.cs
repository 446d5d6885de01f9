namespace HunyuanOrleans.Text.Tokenization;

/// <summary>One step of an alternative: a character class, repeated greedily.</summary>
/// <param name="Set">The character class.</param>
/// <param name="Minimum">The fewest repetitions.</param>
/// <param name="Maximum">The most repetitions.</param>
/// <param name="Possessive">Whether it does not backtrack.</param>
internal sealed record PatternStep(CodePointSet Set, int Minimum, int Maximum, bool Possessive);
