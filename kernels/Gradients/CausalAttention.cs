using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Gradients;

/// <summary>
/// Causal attention over whole sequences with its gradients, in float32. Scores are not kept: the backward pass computes them again from queries, keys and
/// the logarithm of each softmax's sum. Not thread-safe.
/// </summary>
/// <param name="pool">Workers to use.</param>
public sealed unsafe class CausalAttention(WorkerPool pool) : IDisposable
{
    /// <summary>Queries that are computed together.</summary>
    private const int BlockRows = 64;

    private readonly ParallelRows _parallel = new(pool);
    private NativeBuffer _scratch = new(0);
    private long _scratchFloats;

    /// <summary>y = softmax(q . kᵀ / sqrt(head size)) v for every head.</summary>
    /// <param name="rows">Queries, keys and values.</param>
    /// <param name="sequences">The sequences.</param>
    /// <param name="y">Receives [rows, heads * head size].</param>
    /// <param name="logSums">Receives log Σ exp of each row's scaled scores, [rows, heads], for the backward pass.</param>
    public void Forward(AttentionRows rows, SequenceRange[] sequences, Activation y, Activation logSums)
    {
        rows.Check(sequences);
        CheckLike(rows, sequences, y, logSums);
        Reserve(sequences, buffers: 1);
        List<(SequenceRange Sequence, int Head, int Block)> units = [];
        foreach (SequenceRange sequence in sequences)
        {
            for (int head = 0; head < rows.Heads; head++)
            {
                for (int block = 0; block < sequence.Length; block += BlockRows)
                {
                    units.Add((sequence, head, block));
                }
            }
        }

        _parallel.Run(units.Count, 1, (unit, _, worker) =>
        {
            (SequenceRange sequence, int head, int block) = units[unit];
            Forward(rows, sequence, head, block, y, logSums, Scratch(worker));
        });
    }

    /// <summary>The gradients of <see cref="Forward(AttentionRows, SequenceRange[], Activation, Activation)"/>.</summary>
    /// <param name="rows">Queries, keys and values of the forward pass.</param>
    /// <param name="sequences">The sequences.</param>
    /// <param name="y">The result of the forward pass.</param>
    /// <param name="logSums">The sums of the forward pass.</param>
    /// <param name="dy">Gradient of y.</param>
    /// <param name="dQuery">Receives the gradient of the queries.</param>
    /// <param name="dKey">Receives the gradient of the keys.</param>
    /// <param name="dValue">The gradient of the values is added here.</param>
    public void Backward(
        AttentionRows rows, SequenceRange[] sequences, Activation y, Activation logSums, Activation dy, Activation dQuery, Activation dKey, Activation dValue)
    {
        rows.Check(sequences);
        CheckLike(rows, sequences, y, logSums);
        new AttentionRows(dQuery, dKey, dValue, rows.HeadSize).Check(sequences);
        if (dy.Type != ElementType.F32 || dy.Columns != y.Columns || dQuery.Columns != y.Columns || dKey.Columns != rows.Key.Columns)
        {
            throw new ArgumentException("The gradients do not have the shapes of queries, keys and values.", nameof(dy));
        }

        CheckLike(rows, sequences, dy, logSums);
        Reserve(sequences, buffers: 2);
        int keyHeads = rows.KeyHeads;
        _parallel.Run(sequences.Length * keyHeads, 1, (unit, _, worker) =>
            Backward(rows, sequences[unit / keyHeads], unit % keyHeads, y, logSums, dy, dQuery, dKey, dValue, Scratch(worker)));
    }

    /// <summary>Frees the scratch memory.</summary>
    public void Dispose() => _scratch.Dispose();

    private static void CheckLike(AttentionRows rows, SequenceRange[] sequences, Activation y, Activation logSums)
    {
        if (y.Type != ElementType.F32 || y.Columns != rows.Query.Columns || logSums.Type != ElementType.F32 || logSums.Columns != rows.Heads)
        {
            throw new ArgumentException(
                $"The result is {y.Type}[{y.Columns}] with sums [{logSums.Columns}] for {rows.Heads} heads of {rows.HeadSize}.", nameof(y));
        }

        foreach (SequenceRange sequence in sequences)
        {
            y.Check(sequence.Start, sequence.Length, nameof(sequences));
            logSums.Check(sequence.Start, sequence.Length, nameof(sequences));
        }
    }

    private static int Padded(int count) => (count + 15) / 16 * 16;

    private void Reserve(SequenceRange[] sequences, int buffers)
    {
        int longest = 0;
        foreach (SequenceRange sequence in sequences)
        {
            longest = Math.Max(longest, sequence.Length);
        }

        _scratchFloats = TileProduct.ScratchFloats + BlockRows + ((long)buffers * BlockRows * Padded(longest));
        long bytes = _scratchFloats * sizeof(float) * _parallel.Workers;
        if (_scratch.ByteLength < bytes)
        {
            _scratch.Dispose();
            _scratch = new NativeBuffer(bytes);
        }
    }

    private float* Scratch(int worker) => (float*)_scratch.Pointer + (worker * _scratchFloats);

    private static void Forward(AttentionRows rows, SequenceRange sequence, int head, int block, Activation y, Activation logSums, float* scratch)
    {
        int d = rows.HeadSize;
        int count = Math.Min(BlockRows, sequence.Length - block);
        int keys = block + count;
        int stride = Padded(keys);
        int keyColumn = head / (rows.Heads / rows.KeyHeads) * d;
        int first = sequence.Start + block;
        float* scores = scratch + TileProduct.ScratchFloats;
        TileProduct.Run(
            AttentionRows.View(rows.Query, first, head * d), AttentionRows.View(rows.Key, sequence.Start, keyColumn).Transposed, scores, stride, count, keys, d,
            1 / MathF.Sqrt(d), accumulate: false, scratch);
        for (int i = 0; i < count; i++)
        {
            float* row = scores + ((long)i * stride);
            ((float*)logSums.Address(first + i))[head] = Softmax(row, block + i + 1, stride);
        }

        MatrixView target = AttentionRows.View(y, first, head * d);
        TileProduct.Run(
            MatrixView.Rows(scores, stride), AttentionRows.View(rows.Value, sequence.Start, keyColumn), (float*)target.Data, target.RowStride, count, d, keys,
            1, accumulate: false, scratch);
    }

    private static void Backward(
        AttentionRows rows, SequenceRange sequence, int keyHead, Activation y, Activation logSums, Activation dy, Activation dQuery, Activation dKey,
        Activation dValue, float* scratch)
    {
        int d = rows.HeadSize;
        int group = rows.Heads / rows.KeyHeads;
        float scale = 1 / MathF.Sqrt(d);
        int start = sequence.Start;
        int keyColumn = keyHead * d;
        MatrixView key = AttentionRows.View(rows.Key, start, keyColumn), value = AttentionRows.View(rows.Value, start, keyColumn);
        MatrixView keyGradient = AttentionRows.View(dKey, start, keyColumn), valueGradient = AttentionRows.View(dValue, start, keyColumn);
        for (int i = 0; i < sequence.Length; i++)
        {
            new Span<float>(keyGradient.At(i, 0), d).Clear();
        }

        float* dots = scratch + TileProduct.ScratchFloats;
        float* probabilities = dots + BlockRows;
        float* gradients = probabilities + ((long)BlockRows * Padded(sequence.Length));
        for (int head = keyHead * group; head < (keyHead + 1) * group; head++)
        {
            for (int block = 0; block < sequence.Length; block += BlockRows)
            {
                int count = Math.Min(BlockRows, sequence.Length - block);
                int keys = block + count;
                int stride = Padded(keys);
                int first = start + block;
                MatrixView query = AttentionRows.View(rows.Query, first, head * d), outer = AttentionRows.View(dy, first, head * d);
                TileProduct.Run(query, key.Transposed, probabilities, stride, count, keys, d, scale, accumulate: false, scratch);
                TileProduct.Run(outer, value.Transposed, gradients, stride, count, keys, d, 1, accumulate: false, scratch);
                for (int i = 0; i < count; i++)
                {
                    float dot = Dot((float*)y.Address(first + i) + (head * d), outer.At(i, 0), d);
                    float logSum = ((float*)logSums.Address(first + i))[head];
                    Scores(probabilities + ((long)i * stride), gradients + ((long)i * stride), logSum, dot, block + i + 1, stride);
                }

                MatrixView p = MatrixView.Rows(probabilities, stride), g = MatrixView.Rows(gradients, stride);
                TileProduct.Run(p.Transposed, outer, (float*)valueGradient.Data, valueGradient.RowStride, keys, d, count, 1, accumulate: true, scratch);
                TileProduct.Run(g.Transposed, query, (float*)keyGradient.Data, keyGradient.RowStride, keys, d, count, scale, accumulate: true, scratch);
                MatrixView queryGradient = AttentionRows.View(dQuery, first, head * d);
                TileProduct.Run(g, key, (float*)queryGradient.Data, queryGradient.RowStride, count, d, keys, scale, accumulate: false, scratch);
            }
        }
    }

    /// <summary>Replaces scores by probabilities, those of later keys by zero. Returns log Σ exp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Softmax(float* row, int count, int padded)
    {
        for (int i = count; i < padded; i++)
        {
            row[i] = float.NegativeInfinity;
        }

        Vector512<float> most = Vector512.Create(float.NegativeInfinity);
        for (int i = 0; i < count; i += 16)
        {
            most = Vector512.Max(most, Vector512.Load(row + i));
        }

        float largest = VectorMath.Max(most);
        Vector512<float> sums = default, shift = Vector512.Create(largest);
        for (int i = 0; i < padded; i += 16)
        {
            Vector512<float> score = Vector512.Load(row + i);
            Vector512<float> p = Vector512.ConditionalSelect(
                Vector512.Equals(score, Vector512.Create(float.NegativeInfinity)), Vector512<float>.Zero, VectorMath.Exp(score - shift));
            sums += p;
            p.Store(row + i);
        }

        float sum = VectorMath.Sum(sums);
        Vector512<float> factor = Vector512.Create(1 / sum);
        for (int i = 0; i < count; i += 16)
        {
            (Vector512.Load(row + i) * factor).Store(row + i);
        }

        return largest + MathF.Log(sum);
    }

    /// <summary>Replaces scores by probabilities p and the gradients g of probabilities by those of scores, p (g - dot).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores(float* scores, float* gradients, float logSum, float dot, int count, int padded)
    {
        for (int i = count; i < padded; i++)
        {
            scores[i] = float.NegativeInfinity;
            gradients[i] = 0;
        }

        Vector512<float> shift = Vector512.Create(logSum), dots = Vector512.Create(dot);
        for (int i = 0; i < padded; i += 16)
        {
            Vector512<float> score = Vector512.Load(scores + i);
            Vector512<float> p = Vector512.ConditionalSelect(
                Vector512.Equals(score, Vector512.Create(float.NegativeInfinity)), Vector512<float>.Zero, VectorMath.Exp(score - shift));
            p.Store(scores + i);
            (p * (Vector512.Load(gradients + i) - dots)).Store(gradients + i);
        }
    }

    private static float Dot(float* a, float* b, int count)
    {
        Vector512<float> sums = default;
        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            sums = Vector512.FusedMultiplyAdd(Vector512.Load(a + i), Vector512.Load(b + i), sums);
        }

        float sum = VectorMath.Sum(sums);
        for (; i < count; i++)
        {
            sum = MathF.FusedMultiplyAdd(a[i], b[i], sum);
        }

        return sum;
    }
}
