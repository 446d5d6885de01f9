using HunyuanOrleans.Engine.Requests;

namespace HunyuanOrleans.Engine;

/// <summary>An engine of this process as a generator.</summary>
public sealed class LocalGenerator : IGenerator
{
    private readonly InferenceEngine _engine;
    private readonly bool _ownsEngine;

    /// <summary>Wraps an engine.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="modelName">The model's name.</param>
    /// <param name="ownsEngine">Whether disposing this disposes the engine. Default true.</param>
    public LocalGenerator(InferenceEngine engine, string modelName, bool ownsEngine = true)
    {
        _engine = engine;
        _ownsEngine = ownsEngine;
        Info = new GeneratorInfo(modelName, engine.Limits.VocabularySize, engine.Limits.MaxContext, engine.EosIds, engine.HasText);
    }

    /// <inheritdoc/>
    public GeneratorInfo Info { get; }

    /// <inheritdoc/>
    public ValueTask<IGeneration> SubmitAsync(GenerationRequest request, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return ValueTask.FromResult<IGeneration>(_engine.Submit(request));
    }

    /// <inheritdoc/>
    public ValueTask<EngineStatistics> StatisticsAsync(CancellationToken ct) => ValueTask.FromResult(_engine.Statistics());

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _ownsEngine ? _engine.DisposeAsync() : ValueTask.CompletedTask;
}
