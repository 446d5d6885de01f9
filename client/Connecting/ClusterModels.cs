using System.Collections.Concurrent;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Client.Connecting;

/// <summary>What the cluster says of its models: asked once each. Safe for any number of callers.</summary>
/// <param name="cluster">The cluster.</param>
/// <param name="calls">How it is called.</param>
/// <param name="usual">The model that is meant where none is named; null for the cluster's only one.</param>
internal sealed class ClusterModels(IClusterClient cluster, ClusterCalls calls, string? usual)
{
    // Grains need a key; no model has this name, as no folder has.
    private const string NoModel = "*";

    private readonly ConcurrentDictionary<string, ClusterModel> _known = new(StringComparer.Ordinal);
    private volatile string? _usual = usual;

    /// <summary>A model by name.</summary>
    /// <param name="name">Its name; null for the usual one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RequestException">There is no such model, or none was named and there are several.</exception>
    public async ValueTask<ClusterModel> GetAsync(string? name, CancellationToken cancellationToken)
    {
        name ??= _usual ??= await OnlyOneAsync(cancellationToken);
        if (_known.TryGetValue(name, out ClusterModel? model))
        {
            return model;
        }

        TextCard card = await DescribeAsync(name, cancellationToken);
        return card.IsKnown
            ? _known.GetOrAdd(name, new ClusterModel(
                name, card.HasText, card.MaxTokens, card.Sampling?.ToParams() ?? SamplingParams.Default, card.MaxNewTokens))
            : throw new RequestException("model", $"model is \"{name}\"; allowed: {Listed(card)}.");
    }

    /// <summary>Turns text or messages into ids.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="encode">Asks for it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RequestException">It was refused.</exception>
    public async Task<int[]> EncodeAsync(string model, Func<ITextGrain, Task<EncodedText>> encode, CancellationToken cancellationToken)
    {
        EncodedText encoded = await calls.RunAsync(() => encode(cluster.GetGrain<ITextGrain>(model)), cancellationToken);
        return encoded.RequestError is { } error ? throw error.ToException(1) : encoded.Ids;
    }

    private async Task<string> OnlyOneAsync(CancellationToken cancellationToken)
    {
        TextCard card = await DescribeAsync(NoModel, cancellationToken);
        return card.Models.Length == 1
            ? card.Models[0]
            : throw new RequestException("model", $"No model is named; allowed: {Listed(card)}.");
    }

    private Task<TextCard> DescribeAsync(string name, CancellationToken cancellationToken) =>
        calls.RunAsync(() => cluster.GetGrain<ITextGrain>(name).DescribeAsync(), cancellationToken);

    private static string Listed(TextCard card) => card.Models.Length == 0 ? "none, as the cluster serves no model" : string.Join(", ", card.Models);
}
