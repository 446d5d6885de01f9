using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Engine.Execution;

/// <summary>
/// Runs a model's MTP layer after each step. All rows that stay in their sequences pass through it, whether a guess is wanted or not, so that its keys and
/// values are as complete as the model's: blocks that are shared, moved to another sequence or computed again need no care of their own. Then it makes the
/// guesses that slices ask for: the most likely token, whatever a slice samples with. It allocates nothing.
/// </summary>
/// <param name="model">A model with an MTP layer. Not owned.</param>
internal sealed class MtpDrafter(ModelRunner model)
{
    private readonly MtpRunner _mtp = model.Mtp!;
    private readonly AttentionBatch _batch = model.CreateBatch();
    private readonly int[] _rows = new int[model.Options.MaxBatchTokens];
    private readonly int[] _following = new int[model.Options.MaxBatchTokens];
    private readonly int[] _logitRows = new int[model.Options.MaxLogitRows];
    private readonly Chain[] _chains = new Chain[model.Options.MaxLogitRows];
    private int _live;

    /// <summary>Runs the layer on the rows of a step, and adds guesses to its result.</summary>
    /// <param name="batch">The step that the model has just computed.</param>
    /// <param name="result">The tokens that were sampled for it; receives the guesses.</param>
    /// <exception cref="ModelException">A token id is outside the vocabulary.</exception>
    public void Run(StepBatch batch, StepResult result)
    {
        int rows = Fill(batch, result);
        if (rows == 0)
        {
            return;
        }

        _mtp.Run(_rows, _following.AsSpan(0, rows), _batch);
        while (_live > 0)
        {
            for (int i = 0; i < _live; i++)
            {
                _logitRows[i] = _chains[i].Row;
            }

            StepLogits logits = _mtp.Logits(_logitRows, _live);
            logits.CopyRows();
            if (Extend(batch, result, logits))
            {
                _mtp.Continue(_rows, _following.AsSpan(0, _live), _batch);
            }
        }
    }

    // Rejected drafts are left out: their rows are no part of the sequence.
    private int Fill(StepBatch batch, StepResult result)
    {
        _batch.Clear();
        _live = 0;
        int rows = 0;
        ReadOnlySpan<SequenceSlice> slices = batch.Slices;
        for (int i = 0; i < slices.Length; i++)
        {
            ref readonly SequenceSlice slice = ref slices[i];
            ReadOnlySpan<SampledToken> sampled = result[i];
            int count = slice.Count - slice.Drafts.Count + Math.Max(0, sampled.Length - 1);
            ReadOnlySpan<int> tokens = batch.Tokens.Slice(slice.FirstRow, count);
            _batch.Add(new AttentionSlice(rows, count, slice.Start, slice.Blocks));
            for (int row = 0; row < count; row++)
            {
                _rows[rows + row] = slice.FirstRow + row;
            }

            tokens[1..].CopyTo(_following.AsSpan(rows));
            rows += count;

            // Without a following token (a prompt that is only scored, or no token could be drawn) the row stands for its own, so that nothing in a block
            // that others may share is left from earlier.
            int? following = sampled.Length > 0 ? sampled[^1].Id : slice.Mtp.Following;
            bool known = (uint)(following ?? -1) < (uint)model.Config.VocabSize;
            _following[rows - 1] = known ? following!.Value : tokens[^1];
            if (known && sampled.Length > 0 && slice.Mtp.Drafts > 0)
            {
                _chains[_live++] = new Chain(i, rows - 1, slice.Start + count, slice.Mtp.Drafts);
            }
        }

        return rows;
    }

    // A chain goes on while its slice wants more and has a block for the position: guesses take no blocks here.
    private bool Extend(StepBatch batch, StepResult result, StepLogits logits)
    {
        _batch.Clear();
        int live = 0;
        for (int i = 0; i < _live; i++)
        {
            Chain chain = _chains[i];
            ReadOnlySpan<float> row = logits.Row(i);
            int draft = LogitVectors.FirstIndexOf(row, LogitVectors.Max(row));
            if ((uint)draft >= (uint)row.Length)
            {
                continue; // The logits are not numbers.
            }

            result.AddDraft(chain.Slice, draft);
            ReadOnlyMemory<int> blocks = batch.Slices[chain.Slice].Blocks;
            if (chain.Wanted > 1 && chain.Next < (long)blocks.Length * KvBlocks.Positions)
            {
                (_rows[live], _following[live]) = (chain.Row, draft);
                _batch.Add(new AttentionSlice(live, 1, chain.Next, blocks));
                _chains[live] = new Chain(chain.Slice, live, chain.Next + 1, chain.Wanted - 1);
                live++;
            }
        }

        _live = live;
        return live > 0;
    }

    /// <summary>A chain of guesses.</summary>
    /// <param name="Slice">Number of its slice.</param>
    /// <param name="Row">The row of the layer's last run whose logits give the next guess.</param>
    /// <param name="Next">The position at which the layer continues after that guess.</param>
    /// <param name="Wanted">Number of guesses that are still wanted.</param>
    private readonly record struct Chain(int Slice, int Row, int Next, int Wanted);
}
