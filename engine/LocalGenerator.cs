using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Engine;

/// <summary>A generator that serves requests with an engine in this process.</summary>
public sealed class LocalGenerator : IGenerator
{
    private readonly InferenceEngine _engine;
    private readonly IAsyncDisposable? _owned;

    /// <summary>Wraps an engine.</summary>
    /// <param name="engine">The engine, which the generator disposes.</param>
    /// <param name="modelName">Name of the model.</param>
    /// <param name="owned">What the generator disposes after the engine, such as its executor; null for nothing.</param>
    public LocalGenerator(InferenceEngine engine, string modelName, IAsyncDisposable? owned = null)
    {
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
        return ValueTask.FromResult<IGeneration>(_engine.Submit(request));
    }

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
        if (_owned is not null)
        {
            await _owned.DisposeAsync().ConfigureAwait(false);
        }
    }
}
