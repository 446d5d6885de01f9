using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Sampling;

namespace HunyuanOrleans.Engine.Tests.Support;

/// <summary>
/// An executor with a tiny deterministic model. Each KV cell holds a hash of its token and of the previous cell, which is read through the
/// block table; the logits are a hash of all cells of the sequence. So a wrong block, stale prefix or wrong position changes the tokens.
/// </summary>
internal sealed class TinyModelExecutor(ExecutorLimits limits) : IModelExecutor
{
    private readonly ulong[] _cells = new ulong[limits.KvBlocks * limits.BlockPositions];
    private readonly int[] _tokens = new int[limits.KvBlocks * limits.BlockPositions];
    private readonly float[] _logits = new float[limits.VocabularySize];
    private readonly SequenceSampler _sampler = new(limits.VocabularySize);

    public ExecutorLimits Limits { get; } = limits;

    /// <summary>The text tends to repeat the token of so many positions before; 0 for none.</summary>
    public int Period { get; init; }

    /// <summary>Runs before each step; may throw, wait or inspect the batch.</summary>
    public Func<StepBatch, ValueTask>? BeforeStep { get; set; }

    /// <summary>Called before each slice. If it returns true, all keys and values are lost after part of the step was written.</summary>
    public Func<bool>? ShouldLoseKv { get; set; }

    public async ValueTask ExecuteAsync(StepBatch batch, StepResult result, CancellationToken cancellationToken)
    {
        if (BeforeStep is not null)
        {
            await BeforeStep(batch);
            cancellationToken.ThrowIfCancellationRequested();
        }

        result.Clear();
        for (int i = 0; i < batch.SliceCount; i++)
        {
            if (ShouldLoseKv?.Invoke() ?? false)
            {
                Array.Fill(_cells, 0xBADBADBADUL);
                Array.Clear(_tokens);
                throw new KvLostException("The cells are gone.");
            }

            SequenceSlice slice = batch.Slices[i];
            ReadOnlySpan<int> blocks = slice.Blocks.Span;
            for (int row = 0; row < slice.Count; row++)
            {
                int position = slice.Start + row;
                ulong before = position == 0 ? 0 : Cell(blocks, position - 1);
                _tokens[CellOf(blocks, position)] = batch.Tokens[slice.FirstRow + row];
                Cell(blocks, position) = TinyModel.Next(before, batch.Tokens[slice.FirstRow + row], position);
            }

            for (int row = 0; row < slice.Scoring.Count; row++)
            {
                ComputeLogits(blocks, slice.Start + slice.Scoring.FirstRow + row + 1);
                result.Scores.Add(_sampler.Score(_logits, slice.Scoring.Targets.Span[row], slice.Scoring.Alternatives));
            }

            if (slice.Sampling is { } state)
            {
                _sampler.Begin(state, slice.Drafts);
                for (int length = slice.Start + slice.Count - slice.Drafts.Count; !_sampler.IsDone; length++)
                {
                    ComputeLogits(blocks, length);
                    result.Add(i, _sampler.Sample(_logits));
                }

                Guess(slice, i, result);
            }
        }
    }

    // The token of a period before, as the text tends to repeat it; like an MTP layer, it is wrong at times.
    private void Guess(in SequenceSlice slice, int index, StepResult result)
    {
        int next = slice.Start + slice.Count - slice.Drafts.Count + result[index].Length;
        for (int i = 0; Limits.HasMtp && i < slice.Mtp.Drafts; i++)
        {
            int position = Math.Max(0, next + i - Math.Max(Period, slice.Mtp.Drafts + 1));
            result.AddDraft(index, _tokens[CellOf(slice.Blocks.Span, Math.Min(position, slice.Start))]);
        }
    }

    private void ComputeLogits(ReadOnlySpan<int> blocks, int length)
    {
        ulong hash = 0;
        for (int position = 0; position < length; position++)
        {
            hash = TinyModel.Fold(hash, Cell(blocks, position));
        }

        TinyModel.Logits(hash, _logits);
        if (Period > 0 && length >= Period)
        {
            TinyModel.Echo(hash, _tokens[CellOf(blocks, length - Period)], _logits);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private ref ulong Cell(ReadOnlySpan<int> blocks, int position) => ref _cells[CellOf(blocks, position)];

    private int CellOf(ReadOnlySpan<int> blocks, int position)
        => (blocks[position / Limits.BlockPositions] * Limits.BlockPositions) + (position % Limits.BlockPositions);
}
