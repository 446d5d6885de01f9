using System.Diagnostics;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Cli.Measuring;

/// <summary>
/// Records the time and the bytes read of each step that another executor computes. While the gate is closed, a whole batch can be submitted before
/// any of it is computed.
/// </summary>
/// <param name="inner">Computes the steps; owned by this executor.</param>
/// <param name="model">The model that <paramref name="inner"/> computes with; stays the caller's.</param>
internal sealed class RecordingExecutor(IModelExecutor inner, ModelRunner model) : IModelExecutor
{
    private readonly List<StepRecord> _steps = new(capacity: 1 << 16);
    private readonly ManualResetEventSlim _gate = new(initialState: true);

    /// <inheritdoc/>
    public ExecutorLimits Limits => inner.Limits;

    /// <summary>The steps since the last <see cref="Clear"/>. Call only while the engine is idle.</summary>
    public IReadOnlyList<StepRecord> Steps => _steps;

    /// <summary>Deletes the recorded steps. Call only while the engine is idle.</summary>
    public void Clear() => _steps.Clear();

    /// <summary>Closes the gate: the next step waits for <see cref="Open"/>.</summary>
    public void Close() => _gate.Reset();

    /// <summary>Opens the gate.</summary>
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

/// <summary>The measurements of one step.</summary>
/// <param name="Tokens">Number of tokens computed.</param>
/// <param name="Sequences">Number of sequences in the step.</param>
/// <param name="Started">Stopwatch ticks at the start of the step.</param>
/// <param name="Ended">Stopwatch ticks at the end of the step.</param>
/// <param name="Bytes">Bytes of the weights that were read, and of the keys and values of all positions, each counted once.</param>
internal readonly record struct StepRecord(int Tokens, int Sequences, long Started, long Ended, long Bytes);
