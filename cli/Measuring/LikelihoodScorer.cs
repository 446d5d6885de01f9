using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Measuring;

/// <summary>
/// Computes the log-likelihood of texts that continue a context. Keys and values of what a sequence shares with the one before it are not computed
/// again, which does not change a bit of the result.
/// </summary>
/// <param name="model">The model. Its K/V pool must have room for the longest sequence.</param>
internal sealed class LikelihoodScorer(ModelRunner model)
{
    private readonly int[] _blocks = [.. Enumerable.Range(0, model.Cache.Blocks)];
    private readonly AttentionBatch _batch = model.CreateBatch();
    private readonly float[] _next = new float[model.Config.VocabSize];
    private int[] _known = [];
    private int _nextPosition = -1;

    /// <summary>Computes the sum of the log probabilities of the tokens from <paramref name="start"/> on, in nats.</summary>
    /// <param name="ids">Token ids of the context and what continues it.</param>
    /// <param name="start">The first position that counts, at least 1.</param>
    /// <param name="cancellation">Cancels between steps.</param>
    public double Score(int[] ids, int start, CancellationToken cancellation)
    {
        int shared = ids.AsSpan().CommonPrefixLength(_known.AsSpan());
        double sum = 0;
        int position = Math.Min(shared, start - 1);
        if (_nextPosition == start && shared >= start)
        {
            // The row that predicts the first token is that of the sequence before.
            sum += _next[ids[start]] - LogSum.Of(_next);
            position = start;
        }

        // The last token predicts nothing that counts. Only the steps from the row on that predicts the first token that counts compute logits.
        int end = ids.Length - 1;
        while (position < end)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = position < start - 1
                ? Math.Min(model.Options.MaxBatchTokens, start - 1 - position)
                : Math.Min(model.Options.MaxLogitRows, end - position);
            sum += Step(ids, start, position, count);
            position += count;
        }

        _known = ids[..end];
        return sum;
    }

    private double Step(int[] ids, int start, int position, int count)
    {
        int[] wanted = position < start - 1 ? [] : [.. Enumerable.Range(0, count)];
        _batch.Clear();
        _batch.Add(new AttentionSlice(0, count, position, _blocks));
        StepLogits logits = model.Forward(ids.AsSpan(position, count), _batch, wanted, wanted.Length);
        logits.CopyRows();
        double sum = 0;
        for (int i = 0; i < wanted.Length; i++)
        {
            ReadOnlySpan<float> row = logits.Row(i)[..model.Config.VocabSize];
            sum += row[ids[position + i + 1]] - LogSum.Of(row);
            if (position + i == start - 1)
            {
                row.CopyTo(_next);
                _nextPosition = start;
            }
        }

        return sum;
    }
}
