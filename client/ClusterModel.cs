using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Client;

/// <summary>
/// The properties of a model of the cluster, or of an adapter over a model, that callers need. They do not change while the cluster serves the model.
/// </summary>
/// <param name="Name">The name in requests.</param>
/// <param name="HasText">True if the model has a tokenizer: prompts may be texts and chats, and answers carry text.</param>
/// <param name="MaxTokens">Largest number of tokens of prompt and answer together.</param>
/// <param name="Sampling">The sampling parameters that the publisher recommends.</param>
/// <param name="MaxNewTokens">The answer length in tokens that the publisher recommends; null for none.</param>
public sealed record ClusterModel(string Name, bool HasText, int MaxTokens, SamplingParams Sampling, int? MaxNewTokens)
{
    /// <summary>The model that the adapter of this name changes; null for a model.</summary>
    public string? Parent { get; init; }

    /// <summary>Name of the model that computes.</summary>
    internal string BaseName => Parent ?? Name;
}
