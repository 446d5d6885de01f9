using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Adapters;

namespace HunyuanOrleans.Engine;

/// <summary>A generator that serves requests with an engine in this process.</summary>
public sealed class LocalGenerator : IGenerator
{
    private readonly InferenceEngine _engine;
    private readonly IAsyncDisposable? _owned;
    private readonly AdapterStore? _adapters;

    /// <summary>Wraps an engine.</summary>
    /// <param name="engine">The engine, which the generator disposes.</param>
    /// <param name="modelName">Name of the model.</param>
    /// <param name="owned">What the generator disposes after the engine, such as its executor; null for nothing.</param>
    /// <param name="adapters">The adapters that requests can name, which the generator disposes after the engine; null for none.</param>
    public LocalGenerator(InferenceEngine engine, string modelName, IAsyncDisposable? owned = null, AdapterStore? adapters = null)
    {
        _adapters = adapters;
        _engine = engine;
        _owned = owned;
        Info = new GeneratorInfo(modelName, engine.Limits.VocabularySize, engine.Limits.MaxContext, engine.EosIds, engine.HasText);
    }

    /// <inheritdoc/>
    public GeneratorInfo Info { get; }

    /// <inheritdoc/>
    public ValueTask<IGeneration> SubmitAsync(GenerationRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return request.Adapter is { } name && _adapters is { } adapters
            ? SubmitAsync(request, name, adapters, cancellationToken)
            : ValueTask.FromResult<IGeneration>(_engine.Submit(request));
    }

    private async ValueTask<IGeneration> SubmitAsync(GenerationRequest request, string adapter, AdapterStore adapters, CancellationToken cancellationToken) =>
        await _engine.SubmitAsync(request, async token => await adapters.AcquireAsync(adapter, token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<EngineStatistics> GetStatisticsAsync(CancellationToken cancellationToken)
        => ValueTask.FromResult(_engine.GetStatistics());

    /// <inheritdoc/>
    public async ValueTask<int> ResetPrefixCacheAsync(CancellationToken cancellationToken)
        => await _engine.ResetPrefixCacheAsync().WaitAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync().ConfigureAwait(false);
        _adapters?.Dispose();
        if (_owned is not null)
        {
            await _owned.DisposeAsync().ConfigureAwait(false);
        }
    }
}
