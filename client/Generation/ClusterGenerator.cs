using System.Security.Cryptography;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Client;

/// <summary>Serves requests for one model of a cluster through <see cref="IGenerator"/>, the interface that servers use.</summary>
public sealed class ClusterGenerator : IGenerator
{
    private readonly HunyuanClient _client;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _disposed = new();

    private ClusterGenerator(HunyuanClient client, ModelCard card, TimeProvider time)
    {
        _client = client;
        _time = time;
        Info = new GeneratorInfo(card.Name, card.VocabularySize, card.MaxContext, card.EosIds, card.HasText);
    }

    /// <inheritdoc/>
    public GeneratorInfo Info { get; }

    /// <summary>Creates a generator for a model of the cluster.</summary>
    /// <param name="client">The client of the cluster. It must outlive the generator, which does not dispose it.</param>
    /// <param name="model">The model's name; null for the default model.</param>
    /// <param name="time">The clock; null for the system clock.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="RequestException">The model does not exist.</exception>
    /// <exception cref="GenerationFailedException">The cluster does not respond.</exception>
    public static async Task<ClusterGenerator> CreateAsync(
        HunyuanClient client, string? model = null, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ClusterModel found = await client.GetModelAsync(model, cancellationToken).ConfigureAwait(false);
        ModelCard card = await client.CallAsync(
            cluster => cluster.GetGrain<IModelGrain>(found.BaseName).DescribeAsync(), cancellationToken).ConfigureAwait(false);
        return new ClusterGenerator(client, card, time ?? TimeProvider.System);
    }

    /// <inheritdoc/>
    public async ValueTask<IGeneration> SubmitAsync(GenerationRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);
        ulong seed = request.Sampling.Seed ?? BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        request = request with { Sampling = request.Sampling.With(seed: seed) };
        ClusterGeneration generation = new(request, seed, _time, _disposed.Token);
        try
        {
            await generation.StartAsync(token => _client.StreamAsync(Info.ModelName, request, token), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            generation.Cancel();
            throw;
        }

        return generation;
    }

    /// <inheritdoc/>
    public async ValueTask<EngineStatistics> GetStatisticsAsync(CancellationToken cancellationToken)
    {
        ModelReport report = await _client.CallAsync(
            cluster => cluster.GetGrain<IModelGrain>(Info.ModelName).ReportAsync(), cancellationToken).ConfigureAwait(false);
        return report.Statistics.ToStatistics();
    }

    /// <inheritdoc/>
    /// <remarks>Only silos may call it, not clients that are connected to a gateway.</remarks>
    public async ValueTask<int> ResetPrefixCacheAsync(CancellationToken cancellationToken) => await _client.CallAsync(
        cluster => cluster.GetGrain<IModelGrain>(Info.ModelName).ResetPrefixCacheAsync(), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        // The source is not disposed, because answers that end at this moment may still link to it.
        return new ValueTask(_disposed.CancelAsync());
    }
}
