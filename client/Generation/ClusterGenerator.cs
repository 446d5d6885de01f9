using System.Security.Cryptography;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Client;

/// <summary>A cluster as a generator: one of its models behind the interface that servers and programs are written against.</summary>
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

    /// <summary>Asks the cluster for its model.</summary>
    /// <param name="client">The cluster; not disposed: it must outlive the generator.</param>
    /// <param name="model">The model's name; null for the usual one.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RequestException">There is no such model.</exception>
    /// <exception cref="GenerationFailedException">The cluster does not answer.</exception>
    public static async Task<ClusterGenerator> CreateAsync(
        HunyuanClient client, string? model = null, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ClusterModel known = await client.ModelAsync(model, cancellationToken).ConfigureAwait(false);
        ModelCard card = await client.CallAsync(
            cluster => cluster.GetGrain<IModelGrain>(known.Name).DescribeAsync(), cancellationToken).ConfigureAwait(false);
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
    public ValueTask DisposeAsync()
    {
        // Not disposed: answers that end just now may still link to it.
        return new ValueTask(_disposed.CancelAsync());
    }
}
