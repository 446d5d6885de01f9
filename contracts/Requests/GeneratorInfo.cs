namespace HunyuanOrleans.Contracts.Requests;

/// <summary>What callers of a generator need to know about its model.</summary>
/// <param name="ModelName">Name of the model, for display and for requests that name a model.</param>
/// <param name="VocabularySize">Number of token ids; ids are 0 to VocabularySize - 1.</param>
/// <param name="MaxContext">Most tokens of prompt and answer together.</param>
/// <param name="EosIds">The model's end-of-text ids; may be empty.</param>
/// <param name="HasText">True if there is a tokenizer, so that requests may have stop strings.</param>
public sealed record GeneratorInfo(string ModelName, int VocabularySize, int MaxContext, IReadOnlyList<int> EosIds, bool HasText);
