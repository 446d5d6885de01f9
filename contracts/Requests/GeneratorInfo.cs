namespace HunyuanOrleans.Contracts.Requests;

/// <summary>The properties of a generator's model that callers need.</summary>
/// <param name="ModelName">The model's name in requests.</param>
/// <param name="VocabularySize">Number of token ids; ids are 0 to VocabularySize - 1.</param>
/// <param name="MaxContext">Largest number of tokens of prompt and answer together.</param>
/// <param name="EosIds">The model's end-of-text ids, possibly none.</param>
/// <param name="HasText">True if the generator has a tokenizer. Requests may have stop strings only then.</param>
public sealed record GeneratorInfo(string ModelName, int VocabularySize, int MaxContext, IReadOnlyList<int> EosIds, bool HasText);
