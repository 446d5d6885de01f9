using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Cuda.Tests.Attention;

/// <summary>Attention of one prompt on the CPU.</summary>
internal sealed class CpuAttention(int heads, int keyHeads, int headSize, ElementType type, int length) : IDisposable
{
    private readonly WorkerPool _pool = new(1);

    /// <summary>Keys and values: blocks 0, 1 and so on.</summary>
    public KvBlocks Cache { get; } = new(1, (length + 31) / 32, keyHeads, headSize, type);

    /// <summary>Fills the cache and returns the outputs of all rows.</summary>
    public float[][] Run(TestSequence sequence, AttentionParameters weights)
    {
        using QueryBuffer queries = new(length, heads, Cache, PanelKernels.For());
        using RotaryAngles rotary = new(length, headSize);
        using Activation projected = new(length, sequence.Rows[0].Length, ElementType.F32);
        using Activation output = new(length, heads * headSize, Cache.ComputeType);
        for (int p = 0; p < length; p++)
        {
            sequence.Rows[p].CopyTo(projected.Row(p));
            TestSequence.Angles(p, rotary.Cos.Row(p), rotary.Sin.Row(p));
        }

        AttentionBatch batch = new(heads, keyHeads);
        batch.Add(new AttentionSlice(0, length, 0, Enumerable.Range(0, Cache.Blocks).ToArray()));
        new QkvPreprocessor(_pool).Run(batch, projected, rotary, weights.ToWeights(headSize), queries, Cache, 0);
        using PagedAttention attention = new(_pool, Cache, heads / keyHeads, PanelKernels.For());
        attention.Run(batch, queries, 0, output);
        float[][] results = new float[length][];
        for (int p = 0; p < length; p++)
        {
            results[p] = new float[heads * headSize];
            Conversion.ToSingles(output.RowBytes(p), output.Type, results[p]);
        }

        return results;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Cache.Dispose();
        _pool.Dispose();
    }
}
