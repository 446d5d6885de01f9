namespace HunyuanOrleans.Contracts.Messages;

/// <summary>The properties of a model that callers need before they send a request.</summary>
/// <param name="Models">Names of the cluster's models.</param>
/// <param name="IsKnown">True if the model is one of them, or an adapter over one of them. Otherwise the properties below have no meaning.</param>
/// <param name="HasText">True if the model has a tokenizer: prompts may be texts, and answers carry text.</param>
/// <param name="MaxTokens">Largest number of tokens of prompt and answer together that context and KV pool hold.</param>
/// <param name="Sampling">The sampling parameters that the publisher recommends.</param>
/// <param name="MaxNewTokens">The answer length in tokens that the publisher recommends; null for none.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.text.card")]
public sealed record TextCard(
    [property: Id(0)] string[] Models,
    [property: Id(1)] bool IsKnown,
    [property: Id(2)] bool HasText,
    [property: Id(3)] int MaxTokens,
    [property: Id(4)] SamplingParamsMessage? Sampling,
    [property: Id(5)] int? MaxNewTokens)
{
    /// <summary>The model that the adapter of this name changes; null if the name is that of a model.</summary>
    [Id(6)]
    public string? Parent { get; init; }

    /// <summary>Names of the cluster's adapters.</summary>
    [Id(7)]
    public string[] Adapters { get; init; } = [];
}
