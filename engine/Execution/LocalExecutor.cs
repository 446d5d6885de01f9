using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Adapters;

namespace HunyuanOrleans.Engine.Execution;

/// <summary>
/// Runs steps synchronously on a <see cref="ModelRunner"/> in this process, on the calling thread and the runner's worker threads.
/// </summary>
public sealed class LocalExecutor : IModelExecutor
{
    private readonly ModelRunner _model;
    private readonly bool _ownsModel;
    private readonly AttentionBatch _batch;
    private readonly AdapterRows _adapters = new();
    private readonly SequenceSampler _sampler;
    private readonly int[] _logitRows;
    private readonly MtpDrafter? _mtp;
    private Thread? _pinnedThread;

    /// <summary>Wraps a loaded model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="ownsModel">Whether disposing this executor also disposes the model. Default true.</param>
    /// <param name="mtp">Whether to run the model's MTP layer, if it is loaded. Default true.</param>
    public LocalExecutor(ModelRunner model, bool ownsModel = true, bool mtp = true)
    {
        _model = model;
        _ownsModel = ownsModel;
        _batch = model.CreateBatch();
        _sampler = new SequenceSampler(model.Config.VocabSize);
        _logitRows = new int[model.Options.MaxLogitRows];
        Limits = new ExecutorLimits(
            model.Config.VocabSize, model.Config.MaxPositions, model.Cache.Blocks, KvBlocks.Positions,
            model.Options.MaxBatchTokens, model.Options.MaxLogitRows)
        {
            HasMtp = mtp && model.Mtp is not null,
        };
        _mtp = Limits.HasMtp ? new MtpDrafter(model) : null;
    }

    /// <inheritdoc/>
    public ExecutorLimits Limits { get; }

    /// <inheritdoc/>
    public ValueTask ExecuteAsync(StepBatch batch, StepResult result, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PinCallingThread();
        _batch.Clear();
        _adapters.Clear();
        int logitCount = 0;
        ReadOnlySpan<SequenceSlice> slices = batch.Slices;
        foreach (ref readonly SequenceSlice slice in slices)
        {
            _batch.Add(new AttentionSlice(slice.FirstRow, slice.Count, slice.Start, slice.Blocks));
            _adapters.Add((LoraAdapter?)slice.Adapter, slice.Count);
            for (int row = slice.Count - slice.SampledRows; row < slice.Count; row++)
            {
                _logitRows[logitCount++] = slice.FirstRow + row;
            }
        }

        StepLogits logits = _model.Forward(batch.Tokens, _batch, _logitRows, logitCount, _adapters);
        Fetch(logits, slices);
        result.Clear();
        int first = 0;
        for (int i = 0; i < slices.Length; i++)
        {
            if (slices[i].Sampling is { } state)
            {
                _sampler.Begin(state, slices[i].Drafts);
                for (int row = first; !_sampler.IsDone; row++)
                {
                    result.Add(i, _sampler.Sample(logits, row));
                }

                first += slices[i].SampledRows;
            }
        }

        Score(slices, result.Scores);
        _mtp?.Run(batch, result);
        return ValueTask.CompletedTask;
    }

    private void Fetch(StepLogits logits, ReadOnlySpan<SequenceSlice> slices)
    {
        int most = 0;
        foreach (ref readonly SequenceSlice slice in slices)
        {
            most = slice.Sampling is null ? most : Math.Max(most, _sampler.LargestFor(slice.Sampling, logits));
        }

        if (logits.Rows > 0)
        {
            logits.Fetch(most);
        }
    }

    // The head computes as many rows at once as it has room for.
    private void Score(ReadOnlySpan<SequenceSlice> slices, List<SampledToken> scores)
    {
        foreach (ref readonly SequenceSlice slice in slices)
        {
            RowScoring scoring = slice.Scoring;
            for (int first = 0; first < scoring.Count; first += _logitRows.Length)
            {
                int count = Math.Min(_logitRows.Length, scoring.Count - first);
                for (int i = 0; i < count; i++)
                {
                    _logitRows[i] = slice.FirstRow + scoring.FirstRow + first + i;
                }

                StepLogits logits = _model.Logits(_logitRows, count);
                logits.CopyRows();
                for (int i = 0; i < count; i++)
                {
                    scores.Add(_sampler.Score(logits.Row(i), scoring.Targets.Span[first + i], scoring.Alternatives));
                }
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (_ownsModel)
        {
            _model.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    // The engine's own thread takes part in the computation, so it is pinned to the CPU of the first worker. Thread pool threads are
    // shared with other code and stay unpinned.
    private void PinCallingThread()
    {
        Thread current = Thread.CurrentThread;
        if (_pinnedThread != current)
        {
            _pinnedThread = current;
            if (!current.IsThreadPoolThread)
            {
                _model.Pool.PinCurrentThread();
            }
        }
    }
}
