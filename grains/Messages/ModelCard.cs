namespace HunyuanOrleans.Grains.Messages;

/// <summary>What callers need to know of a model.</summary>
/// <param name="Name">Its name.</param>
/// <param name="VocabularySize">Number of token ids.</param>
/// <param name="MaxContext">Longest prompt and answer together, in tokens.</param>
/// <param name="EosIds">Ids that end an answer.</param>
/// <param name="Experts">Routed experts of a layer; 1 in a model without.</param>
/// <param name="HasText">It has a tokenizer.</param>
/// <param name="Problem">Why it cannot compute now, in words; null where it can.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.model.card")]
public sealed record ModelCard(string Name, int VocabularySize, int MaxContext, int[] EosIds, int Experts, bool HasText, string? Problem);
