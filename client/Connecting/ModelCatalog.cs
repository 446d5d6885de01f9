using System.Collections.Concurrent;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Client.Connecting;

/// <summary>Looks up the cluster's models and caches their properties, and encodes prompts for them. Thread-safe.</summary>
/// <param name="cluster">The connection.</param>
/// <param name="calls">The retry policy of calls.</param>
/// <param name="defaultModel">Name of the model for calls that name none; null for the cluster's only model.</param>
internal sealed class ModelCatalog(IClusterClient cluster, CallRetryPolicy calls, string? defaultModel)
{
    // Any key lists the models. This one is reserved: a model of that name could be reached only by its name.
    private const string NoModel = "*";

    private readonly ConcurrentDictionary<string, ClusterModel> _models = new(StringComparer.Ordinal);
    private volatile string? _defaultModel = defaultModel;

    /// <summary>Gets a model or an adapter by name.</summary>
    /// <param name="name">The name; null for the default model.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="RequestException">The model does not exist, or no model is named and the cluster has several.</exception>
    public async ValueTask<ClusterModel> GetAsync(string? name, CancellationToken cancellationToken)
    {
        name ??= _defaultModel ??= await GetOnlyModelAsync(cancellationToken);
        if (_models.TryGetValue(name, out ClusterModel? model))
        {
            return model;
        }

        TextCard card = await DescribeAsync(name, cancellationToken);
        return card.IsKnown
            ? _models.GetOrAdd(name, new ClusterModel(
                name, card.HasText, card.MaxTokens, card.Sampling?.ToParams() ?? SamplingParams.Default, card.MaxNewTokens) { Parent = card.Parent })
            : throw new RequestException("model", $"model is \"{name}\"; allowed: {ListModels(card)}.");
    }

    /// <summary>Encodes a text or a chat as token ids.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="encode">Calls the grain.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="RequestException">The text or the chat is wrong, or the model has no tokenizer.</exception>
    public async Task<EncodedText> EncodeAsync(string model, Func<ITextGrain, Task<EncodedText>> encode, CancellationToken cancellationToken)
    {
        EncodedText encoded = await calls.ExecuteAsync(() => encode(cluster.GetGrain<ITextGrain>(model)), cancellationToken);
        return encoded.RequestError is { } error ? throw error.ToException(1) : encoded;
    }

    private async Task<string> GetOnlyModelAsync(CancellationToken cancellationToken)
    {
        TextCard card = await DescribeAsync(NoModel, cancellationToken);
        return card.Models.Length == 1
            ? card.Models[0]
            : throw new RequestException("model", $"No model is named; allowed: {ListModels(card)}.");
    }

    private Task<TextCard> DescribeAsync(string name, CancellationToken cancellationToken) =>
        calls.ExecuteAsync(() => cluster.GetGrain<ITextGrain>(name).DescribeAsync(), cancellationToken);

    private static string ListModels(TextCard card) =>
        card.Models.Length == 0 ? "none, as the cluster serves no model" : string.Join(", ", [.. card.Models, .. card.Adapters]);
}
