using System.Diagnostics;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Cli.Measuring;

/// <summary>
/// Writes down when each step ran and what it touched, and leaves the computing to another executor. The gate lets a batch be submitted
/// whole before any of it is computed.
/// </summary>
internal sealed class RecordingExecutor(IModelExecutor inner, ModelRunner model) : IModelExecutor
{
    private readonly List<StepRecord> _steps = new(capacity: 1 << 16);
    private readonly ManualResetEventSlim _gate = new(initialState: true);

    /// <inheritdoc/>
    public ExecutorLimits Limits => inner.Limits;

    /// <summary>The steps since the last <see cref="Clear"/>. Only while the engine is idle.</summary>
    public IReadOnlyList<StepRecord> Steps => _steps;

    /// <summary>Forgets the steps. Only while the engine is idle.</summary>
    public void Clear() => _steps.Clear();

    /// <summary>Holds the next step until <see cref="Open"/>.</summary>
    public void Close() => _gate.Reset();

    /// <summary>Lets steps run.</summary>
    public void Open() => _gate.Set();

    /// <inheritdoc/>
    public async ValueTask ExecuteAsync(StepBatch batch, StepResult result, CancellationToken cancellationToken)
    {
        _gate.Wait(cancellationToken);
        long positions = 0;
        foreach (SequenceSlice slice in batch.Slices)
        {
            positions += slice.Start + slice.Count;
        }

        long before = model.WeightBytesRead;
        long started = Stopwatch.GetTimestamp();
        await inner.ExecuteAsync(batch, result, cancellationToken);
        long cache = positions * model.Options.CacheFormat.PositionBytes(model.Config);
        _steps.Add(new StepRecord(
            batch.TokenCount, batch.SliceCount, started, Stopwatch.GetTimestamp(), model.WeightBytesRead - before + cache));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _gate.Dispose();
        return inner.DisposeAsync();
    }
}

/// <summary>One step.</summary>
/// <param name="Tokens">Rows computed.</param>
/// <param name="Sequences">Sequences it advanced.</param>
/// <param name="Started">Stopwatch ticks at its start.</param>
/// <param name="Ended">Stopwatch ticks at its end.</param>
/// <param name="Bytes">Weights it read, and keys and values of all positions before, each counted once.</param>
internal readonly record struct StepRecord(int Tokens, int Sequences, long Started, long Ended, long Bytes);
