using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Gradients;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Train.Layers;

/// <summary>
/// The output projection with the cross-entropy, for the rows that predict something. Logits of a few rows exist at a time, so memory does not grow with
/// the batch. Not thread-safe.
/// </summary>
public sealed class LossHead : IDisposable
{
    // Logits of this size are computed together, at least of 32 rows for the sake of the products.
    private const int LogitBytes = 64 << 20;
    private const int MinRows = 32, MaxRows = 512;

    private readonly LinearOperations _linear;
    private readonly CrossEntropy _entropy;
    private readonly Activation _rows, _gradients, _logits;
    private readonly float[] _losses;

    /// <summary>Reserves scratch memory.</summary>
    /// <param name="pool">Workers to use.</param>
    /// <param name="linear">Runs the projection.</param>
    /// <param name="hidden">Width of the residual stream.</param>
    /// <param name="vocabulary">Number of logits of a row.</param>
    /// <param name="tokens">Most tokens of a micro-batch.</param>
    public LossHead(WorkerPool pool, LinearOperations linear, int hidden, int vocabulary, int tokens)
    {
        _linear = linear;
        _entropy = new CrossEntropy(pool);
        int rows = Math.Min(Math.Clamp(LogitBytes / (vocabulary * sizeof(float)), MinRows, MaxRows), tokens);
        _rows = new Activation(rows, hidden, ElementType.F32);
        _gradients = new Activation(rows, hidden, ElementType.F32);
        _logits = new Activation(rows, vocabulary, ElementType.F32);
        _losses = new float[rows];
    }

    /// <summary>Rows whose logits are computed together.</summary>
    public int ChunkRows => _rows.Rows;

    /// <summary>Computes the sum of the losses of rows, and their gradients.</summary>
    /// <param name="head">The output projection.</param>
    /// <param name="normed">Rows after the last norm.</param>
    /// <param name="predicting">The rows that predict.</param>
    /// <param name="targets">The right token of each of them.</param>
    /// <param name="scale">Factor of the gradients.</param>
    /// <param name="dNormed">Receives the gradients of the predicting rows and zeros elsewhere; null to compute losses only.</param>
    /// <returns>The sum of the losses.</returns>
    public double Run(Linear head, Activation normed, int[] predicting, int[] targets, float scale, Activation? dNormed)
    {
        double sum = 0;
        for (int first = 0; first < predicting.Length; first += ChunkRows)
        {
            int count = Gather(normed, predicting, first);
            _linear.Forward(head, _rows, 0, _logits, 0, count, accumulate: false);
            int[] labels = targets[first..(first + count)];
            if (dNormed is null)
            {
                _entropy.Losses(_logits, labels, _losses);
            }
            else
            {
                _entropy.Run(_logits, labels, _losses, scale);
            }

            for (int i = 0; i < count; i++)
            {
                sum += _losses[i];
            }

            if (dNormed is not null)
            {
                _linear.Backward(head, _rows, 0, _logits, 0, _gradients, 0, count, accumulate: false);
                for (int i = 0; i < count; i++)
                {
                    _gradients.Row(i).CopyTo(dNormed.Row(predicting[first + i]));
                }
            }
        }

        return sum;
    }

    /// <summary>The logits of some rows, one after the other.</summary>
    /// <param name="head">The output projection.</param>
    /// <param name="normed">Rows after the last norm.</param>
    /// <param name="first">First row.</param>
    /// <param name="count">Number of rows, at most <see cref="ChunkRows"/>.</param>
    /// <param name="target">Receives [count, vocabulary].</param>
    public void Logits(Linear head, Activation normed, int first, int count, Span<float> target)
    {
        _linear.Forward(head, normed, first, _logits, 0, count, accumulate: false);
        for (int i = 0; i < count; i++)
        {
            _logits.Row(i).CopyTo(target[(i * _logits.Columns)..]);
        }
    }

    /// <summary>The token with the largest logit after each of some rows.</summary>
    /// <param name="head">The output projection.</param>
    /// <param name="normed">Rows after the last norm.</param>
    /// <param name="rows">The rows.</param>
    public int[] Best(Linear head, Activation normed, int[] rows)
    {
        int[] best = new int[rows.Length];
        for (int first = 0; first < rows.Length; first += ChunkRows)
        {
            int count = Gather(normed, rows, first);
            _linear.Forward(head, _rows, 0, _logits, 0, count, accumulate: false);
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<float> logits = _logits.Row(i);
                for (int token = 1; token < logits.Length; token++)
                {
                    best[first + i] = logits[token] > logits[best[first + i]] ? token : best[first + i];
                }
            }
        }

        return best;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rows.Dispose();
        _gradients.Dispose();
        _logits.Dispose();
    }

    private int Gather(Activation normed, int[] rows, int first)
    {
        int count = Math.Min(ChunkRows, rows.Length - first);
        for (int i = 0; i < count; i++)
        {
            normed.Row(rows[first + i]).CopyTo(_rows.Row(i));
        }

        return count;
    }
}
