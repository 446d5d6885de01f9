using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Gradients;

/// <summary>The cross-entropy of logits with one right token for each row, and its gradient softmax - onehot. Not thread-safe.</summary>
/// <param name="pool">Workers to use.</param>
public sealed unsafe class CrossEntropy(WorkerPool pool)
{
    private readonly ParallelRows _parallel = new(pool);

    /// <summary>Computes losses and replaces logits by their gradients.</summary>
    /// <param name="logits">float32 [rows, vocabulary]; receives gradients times <paramref name="scale"/>.</param>
    /// <param name="labels">The right token of each row.</param>
    /// <param name="losses">Receives the loss of each row, -log softmax of its label.</param>
    /// <param name="scale">Factor of the gradients.</param>
    public void Run(Activation logits, int[] labels, float[] losses, float scale)
    {
        Check(logits, labels, losses);
        _parallel.Run(labels.Length, 1, (row, _, _) =>
        {
            float* values = (float*)logits.Address(row);
            (float largest, float sum) = Normalizer(values, logits.Columns);
            losses[row] = Loss(largest, sum, values[labels[row]]);
            Gradient(values, logits.Columns, largest, scale / sum);
            values[labels[row]] -= scale;
        });
    }

    /// <summary>Computes losses without gradients; the logits stay as they are.</summary>
    /// <param name="logits">float32 [rows, vocabulary].</param>
    /// <param name="labels">The right token of each row.</param>
    /// <param name="losses">Receives the loss of each row, with the same bits as with gradients.</param>
    public void Losses(Activation logits, int[] labels, float[] losses)
    {
        Check(logits, labels, losses);
        _parallel.Run(labels.Length, 1, (row, _, _) =>
        {
            float* values = (float*)logits.Address(row);
            (float largest, float sum) = Normalizer(values, logits.Columns);
            losses[row] = Loss(largest, sum, values[labels[row]]);
        });
    }

    private static float Loss(float largest, float sum, float right) => largest + MathF.Log(sum) - right;

    private static void Check(Activation logits, int[] labels, float[] losses)
    {
        logits.Check(0, labels.Length, nameof(labels));
        if (logits.Type != ElementType.F32 || losses.Length < labels.Length)
        {
            throw new ArgumentException($"{logits.Type} logits with room for {losses.Length} losses do not fit {labels.Length} labels.", nameof(logits));
        }

        foreach (int label in labels)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(label, nameof(labels));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(label, logits.Columns, nameof(labels));
        }
    }

    // The largest logit, and the sum of the exponentials of the others' distances from it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (float Largest, float Sum) Normalizer(float* logits, int count)
    {
        Vector512<float> most = Vector512.Create(float.NegativeInfinity);
        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            most = Vector512.Max(most, Vector512.Load(logits + i));
        }

        float largest = VectorMath.Max(most);
        for (; i < count; i++)
        {
            largest = MathF.Max(largest, logits[i]);
        }

        Vector512<float> sums = default, shift = Vector512.Create(largest);
        for (i = 0; i + 16 <= count; i += 16)
        {
            sums += VectorMath.Exp(Vector512.Load(logits + i) - shift);
        }

        float sum = VectorMath.Sum(sums);
        for (; i < count; i++)
        {
            sum += MathF.Exp(logits[i] - largest);
        }

        return (largest, sum);
    }

    // Replaces logits by probabilities times a factor.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gradient(float* logits, int count, float largest, float factor)
    {
        Vector512<float> factors = Vector512.Create(factor), shift = Vector512.Create(largest);
        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            (VectorMath.Exp(Vector512.Load(logits + i) - shift) * factors).Store(logits + i);
        }

        for (; i < count; i++)
        {
            logits[i] = MathF.Exp(logits[i] - largest) * factor;
        }
    }
}
