using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Tests.Attention;

/// <summary>Runs the two layers of <see cref="AttentionInputs"/> over a cache, for sequences with scattered blocks.</summary>
internal sealed class AttentionHarness : IDisposable
{
    private const int MaxRows = 512;
    private const int CacheGroups = 2;

    // The tests use one cache group. The other one must not affect them.
    private const int Group = 1;
    private readonly AttentionInputs _inputs;
    private readonly AttentionBatch _batch;
    private readonly QkvPreprocessor _preprocessor;
    private readonly PagedAttention _attention;
    private readonly QueryBuffer _queries;
    private readonly RotaryAngles _rotary;
    private readonly Activation[] _projected;
    private readonly Activation _output;
    private readonly int[] _shuffled;
    private readonly Dictionary<int, (int[] Blocks, int Length)> _sequences = [];
    private int _taken;

    public AttentionHarness(AttentionInputs inputs, ElementType type, InstructionSet isa, WorkerPool pool, int blocks = 64, int order = 0, ElementType computeType = ElementType.BF16)
    {
        _inputs = inputs;
        AttentionShape s = inputs.Shape;
        Cache = new KvBlocks(CacheGroups, blocks, s.KeyHeads, s.HeadSize, type, computeType: computeType);
        _batch = new AttentionBatch(s.Heads, s.KeyHeads);
        _preprocessor = new QkvPreprocessor(pool);
        _attention = new PagedAttention(pool, Cache, s.GroupHeads, PanelKernels.For(isa));
        _queries = new QueryBuffer(MaxRows, s.Heads, Cache, PanelKernels.For(isa));
        _rotary = new RotaryAngles(MaxRows, s.HeadSize);
        int queries = s.Heads * s.HeadSize;
        _projected = [new(MaxRows, queries + (2 * s.KeyHeads * s.HeadSize), ElementType.F32), new(MaxRows, queries, ElementType.F32)];
        _output = new Activation(MaxRows, queries, Cache.ComputeType);
        _shuffled = [.. Enumerable.Range(0, blocks)];
        new Random(order).Shuffle(_shuffled);
        FillWithNaN();
    }

    public KvBlocks Cache { get; }

    /// <summary>Fills all blocks with NaN, as elements and as scales, which used blocks may contain.</summary>
    public void FillWithNaN()
    {
        int perUnit = Math.Min(8, 16 / Cache.Type.Size());
        for (int block = 0; block < Cache.Blocks * CacheGroups; block++)
        {
            // Padding inside a key head must stay zero, so blocks with such padding are not filled.
            if (Cache.HeadSize % perUnit == 0)
            {
                Cache.FillBlock(block % CacheGroups, block / CacheGroups, 0xFF);
            }
        }
    }

    /// <summary>The key and value of each head at a position, read from the bytes of a quantised cache.</summary>
    public (double[] Key, double[] Value)[] Read(int sequence, int position)
    {
        int block = _sequences[sequence].Blocks[position / KvBlocks.Positions];
        return [.. Enumerable.Range(0, Cache.Heads).Select(head => KvReader.Read(Cache, Group, block, head, position % KvBlocks.Positions))];
    }

    /// <summary>Removes all sequences without changing the blocks.</summary>
    public void RemoveSequences()
    {
        _sequences.Clear();
        _taken = 0;
    }

    /// <summary>
    /// Appends rows to sequences in one batch and returns their outputs [layer][row] in order. With <paramref name="garbage"/>, every
    /// projected value is infinity.
    /// </summary>
    public float[][][] Step(ReadOnlySpan<(int Sequence, int Count)> slices, bool garbage = false)
    {
        _batch.Clear();
        foreach ((int sequence, int count) in slices)
        {
            (int[] blocks, int length) = _sequences.GetValueOrDefault(sequence, ([], 0));
            int wanted = (length + count + KvBlocks.Positions - 1) / KvBlocks.Positions;
            int[] grown = [.. blocks, .. _shuffled.AsSpan(_taken, wanted - blocks.Length)];
            _taken += wanted - blocks.Length;
            for (int i = 0; i < count; i++)
            {
                SetRow(_batch.Rows + i, sequence, length + i, garbage);
            }

            _batch.Add(new AttentionSlice(_batch.Rows, count, length, grown));
            _sequences[sequence] = (grown, length + count);
        }

        // Layer 1 reads the keys and values of layer 0.
        float[][][] result = new float[2][][];
        for (int layer = 0; layer < 2; layer++)
        {
            ActivationRows.Fill(_output, float.NaN);
            _preprocessor.Run(_batch, _projected[layer], _rotary, _inputs.Parameters[layer].ToWeights(_inputs.Shape.HeadSize), _queries, Cache, Group);
            _attention.Run(_batch, _queries, Group, _output);
            result[layer] = [.. Enumerable.Range(0, _batch.Rows).Select(row => ActivationRows.Get(_output, row))];
        }

        return result;
    }

    public void Dispose()
    {
        Cache.Dispose();
        _attention.Dispose();
        _queries.Dispose();
        _rotary.Dispose();
        _projected[0].Dispose();
        _projected[1].Dispose();
        _output.Dispose();
    }

    private void SetRow(int row, int sequence, int position, bool garbage)
    {
        float[] angles = _inputs.Angles(position);
        for (int i = 0; i < angles.Length; i++)
        {
            _rotary.Cos.Row(row)[i] = MathF.Cos(angles[i]);
            _rotary.Sin.Row(row)[i] = MathF.Sin(angles[i]);
        }

        for (int layer = 0; layer < 2; layer++)
        {
            _inputs.Row(sequence, position, layer).CopyTo(_projected[layer].Row(row));
            if (garbage)
            {
                _projected[layer].Row(row).Fill(float.PositiveInfinity);
            }
        }
    }
}
