using HunyuanOrleans.Kernels.Gradients;

namespace HunyuanOrleans.Train.Data;

/// <summary>
/// The endless sequence of micro-batches of a training run, by their number alone, so that a run can continue anywhere. Each pass over the data takes every
/// example once; the last micro-batch of a pass may be smaller.
/// </summary>
/// <param name="examples">The examples.</param>
/// <param name="batchSize">Examples in a micro-batch.</param>
/// <param name="shuffleSeed">Seed of the order of each pass; null for the order of the file.</param>
public sealed class BatchSequence(IReadOnlyList<TrainingExample> examples, int batchSize, ulong? shuffleSeed)
{
    private long _shuffledPass = -1;
    private int[] _order = [.. Enumerable.Range(0, examples.Count)];

    /// <summary>Micro-batches in one pass.</summary>
    public int PerPass => (examples.Count + batchSize - 1) / batchSize;

    /// <summary>Most tokens that a micro-batch can have.</summary>
    public int MaxTokens => examples.Select(static example => example.Ids.Length).OrderDescending().Take(batchSize).Sum();

    /// <summary>The micro-batch with a number, from 0.</summary>
    public MicroBatch this[long number]
    {
        get
        {
            long pass = number / PerPass;
            int first = (int)(number % PerPass) * batchSize;
            Shuffle(pass);
            return new MicroBatch([.. _order.Skip(first).Take(batchSize).Select(index => examples[index])]);
        }
    }

    private void Shuffle(long pass)
    {
        if (shuffleSeed is not { } seed || pass == _shuffledPass)
        {
            return;
        }

        ulong state = RowOperations.Mix(seed ^ RowOperations.Mix((ulong)pass));
        _order = [.. Enumerable.Range(0, examples.Count)];
        for (int i = _order.Length - 1; i > 0; i--)
        {
            state = RowOperations.Mix(state);
            int other = (int)(state % (ulong)(i + 1));
            (_order[i], _order[other]) = (_order[other], _order[i]);
        }

        _shuffledPass = pass;
    }
}
