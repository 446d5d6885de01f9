namespace HunyuanOrleans.Engine;

/// <summary>What users of a generator must know of its model.</summary>
/// <param name="ModelName">Its name, for people and for requests that name a model.</param>
/// <param name="VocabularySize">Number of token ids, which are 0 to this - 1.</param>
/// <param name="MaxContext">Most tokens of prompt and answer together.</param>
/// <param name="EosIds">The model's end-of-text ids; possibly none.</param>
/// <param name="HasText">True where stop strings can be used.</param>
public sealed record GeneratorInfo(string ModelName, int VocabularySize, int MaxContext, IReadOnlyList<int> EosIds, bool HasText);
