using HunyuanOrleans.Engine.Requests;

namespace HunyuanOrleans.Engine;

/// <summary>An engine of this process as a generator.</summary>
public sealed class LocalGenerator : IGenerator
{
    private readonly InferenceEngine _engine;
    private readonly IAsyncDisposable? _below;

    /// <summary>Wraps an engine.</summary>
    /// <param name="engine">The engine; disposed with this.</param>
    /// <param name="modelName">The model's name.</param>
    /// <param name="below">What is to be disposed after the engine, such as its executor; null for nothing.</param>
    public LocalGenerator(InferenceEngine engine, string modelName, IAsyncDisposable? below = null)
    {
        _engine = engine;
        _below = below;
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
    public ValueTask<EngineStatistics> StatisticsAsync(CancellationToken cancellationToken) => ValueTask.FromResult(_engine.Statistics());

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync().ConfigureAwait(false);
        if (_below is not null)
        {
            await _below.DisposeAsync().ConfigureAwait(false);
        }
    }
}
