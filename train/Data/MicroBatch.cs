using HunyuanOrleans.Kernels.Gradients;

namespace HunyuanOrleans.Train.Data;

/// <summary>
/// Examples that are computed together. They follow each other without padding, and no example attends to another, which gives the same losses as a padded
/// batch.
/// </summary>
public sealed class MicroBatch
{
    /// <summary>Joins examples.</summary>
    /// <param name="examples">At least one example.</param>
    public MicroBatch(IReadOnlyList<TrainingExample> examples)
    {
        Examples = examples;
        Ids = [.. examples.SelectMany(static example => example.Ids)];
        Sequences = new SequenceRange[examples.Count];
        List<int> rows = [], labels = [];
        int start = 0;
        for (int i = 0; i < examples.Count; i++)
        {
            int[] own = examples[i].Labels;
            Sequences[i] = new SequenceRange(start, own.Length);
            for (int at = 1; at < own.Length; at++)
            {
                if (own[at] != TrainingExample.Ignored)
                {
                    rows.Add(start + at - 1);
                    labels.Add(own[at]);
                }
            }

            start += own.Length;
        }

        PredictingRows = [.. rows];
        Targets = [.. labels];
    }

    /// <summary>The examples.</summary>
    public IReadOnlyList<TrainingExample> Examples { get; }

    /// <summary>Token ids of all examples.</summary>
    public int[] Ids { get; }

    /// <summary>The rows of each example.</summary>
    public SequenceRange[] Sequences { get; }

    /// <summary>Rows whose logits are compared with a target, ascending.</summary>
    public int[] PredictingRows { get; }

    /// <summary>The right token of each predicting row.</summary>
    public int[] Targets { get; }
}
