using System.Runtime.CompilerServices;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Cli.Measuring.Cluster;

/// <summary>Benchmarks the model in this process, without grains.</summary>
internal sealed class LocalTarget : IBenchTarget
{
    private readonly LocalExecutor _executor;
    private readonly InferenceEngine _engine;

    private LocalTarget(LocalExecutor executor)
    {
        _executor = executor;
        _engine = InferenceEngine.Start(executor, new EngineOptions { Scheduler = new SchedulerOptions { PrefixCache = false } });
    }

    /// <inheritdoc/>
    public string Name => "this process";

    /// <inheritdoc/>
    public int Silos => 0;

    /// <summary>A generator over the model, valid until this target is disposed.</summary>
    public IGenerator Generator => new LocalGenerator(_engine, "bench", _executor);

    /// <summary>Loads the model.</summary>
    public static LocalTarget Create(string folder, ModelOptions options, CancellationToken cancellationToken) =>
        new(new LocalExecutor(ModelLoading.Load(folder, options, cancellationToken)));

    /// <inheritdoc/>
    public async IAsyncEnumerable<int> RunAsync(GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (TokenChunk chunk in _engine.Submit(request).Choices[0].WithCancellation(cancellationToken))
        {
            yield return chunk.Ids.Length;
        }
    }

    /// <inheritdoc/>
    public Task<SiloTraffic> GetTrafficAsync() => Task.FromResult(default(SiloTraffic));

    /// <inheritdoc/>
    public Task<double?> MeasureEmptyCallAsync(int bytes) => Task.FromResult<double?>(null);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        await _executor.DisposeAsync();
    }
}
