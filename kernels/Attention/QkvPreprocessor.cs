using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Attention;

/// <summary>
/// Converts projected rows [query | key | value] to queries for attention and to cached keys and values. It applies bias, rotary embedding
/// and per-head norm. Queries also get the weight of the key norm and the softmax scale, times log2 e because attention uses powers of two.
/// Rows without key and value columns (of a layer that reads another layer's cache) only give queries. If keys have a weight of their own, norms and
/// weights come before the rotary embedding. Keep the object and reuse it: runs allocate nothing.
/// </summary>
public sealed unsafe class QkvPreprocessor(WorkerPool pool) : IJob
{
    private AttentionBatch _batch = null!;
    private Activation _rows = null!;
    private RotaryAngles _rotary = null!;
    private float[]? _bias;
    private float _eps;
    private bool _normalises;
    private QueryBuffer _queries = null!;
    private KvBlocks _cache = null!;
    private float[] _queryScale = [];
    private float[]? _keyScale;
    private float[] _ones = [];
    private int _group;
    private bool _writesCache;

    /// <summary>Processes all rows of <paramref name="batch"/>.</summary>
    /// <param name="batch">The sequences and positions of the rows.</param>
    /// <param name="projected">float32 [rows, (heads + 2 key heads or 0) * head size]; overwritten.</param>
    /// <param name="rotary">The rotary angles of the rows.</param>
    /// <param name="weights">The parameters of the layer.</param>
    /// <param name="queries">Receives the queries.</param>
    /// <param name="cache">Receives keys and values if the rows have them.</param>
    /// <param name="group">Layer group in the cache.</param>
    public void Run(AttentionBatch batch, Activation projected, RotaryAngles rotary, AttentionWeights weights, QueryBuffer queries, KvBlocks cache, int group)
    {
        int d = cache.HeadSize;
        int queryColumns = queries.Heads * d;
        bool writes = projected.Columns == queryColumns + (2 * cache.Heads * d);
        if ((!writes && projected.Columns != queryColumns) || projected.Type != ElementType.F32 || rotary.Cos.Columns != d / 2
            || (weights.Bias is not null && weights.Bias.Length != projected.Columns)
            || weights.QueryScale.Length != d || (weights.KeyScale is not null && weights.KeyScale.Length != d))
        {
            throw new ArgumentException($"Projected rows are {projected.Type}[{projected.Columns}], which does not match {queries.Heads} heads and {cache.Heads} key heads of {d}.", nameof(projected));
        }

        projected.Check(0, batch.Rows, nameof(projected));
        rotary.Cos.Check(0, batch.Rows, nameof(rotary));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.Rows, queries.MaxRows, nameof(batch));
        cache.ThrowIfNoMemory(group);
        (_batch, _rows, _rotary, _queries, _cache, _group, _writesCache) = (batch, projected, rotary, queries, cache, group, writes);
        (_bias, _eps, _normalises) = (weights.Bias is { } bias ? HostVector.Of(bias) : null, weights.Eps, weights.HasNorm);
        _queryScale = HostVector.Of(weights.QueryScale);
        _keyScale = weights.KeyScale is { } keyScale ? HostVector.Of(keyScale) : null;
        if (_keyScale is not null && _ones.Length != d)
        {
            _ones = new float[d];
            Array.Fill(_ones, 1);
        }

        pool.Run(this, batch.BlockRunCount);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void IJob.Run(int unit, int worker)
    {
        ref readonly AttentionBatch.BlockRun run = ref _batch.BlockRunAt(unit);
        ref readonly AttentionSlice slice = ref _batch.Slice(run.Slice);
        int d = _cache.HeadSize;
        for (int i = run.First; i < run.First + run.Count; i++)
        {
            int row = slice.FirstRow + i;
            float* x = (float*)_rows.Address(row);
            float* cos = (float*)_rotary.Cos.Address(row);
            float* sin = (float*)_rotary.Sin.Address(row);
            AddBias(x);
            for (int head = 0; head < _queries.Heads; head++, x += d)
            {
                float norm = NormAndRotate(x, _queryScale, cos, sin, d);
                fixed (float* scale = _keyScale is null ? _queryScale : _ones)
                {
                    StoreQuery(x, scale, norm, _queries.Address(head, row), d);
                }
            }

            if (_writesCache)
            {
                int position = slice.Start + i;
                StoreKeysAndValues(x, cos, sin, slice.Blocks.Span[position / KvBlocks.Positions], position % KvBlocks.Positions);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StoreKeysAndValues(float* x, float* cos, float* sin, int block, int offset)
    {
        int d = _cache.HeadSize;
        float* values = x + (_cache.Heads * d);
        for (int head = 0; head < _cache.Heads; head++, x += d, values += d)
        {
            float norm = NormAndRotate(x, _keyScale, cos, sin, d);
            byte* v = _cache.Values(_group, block, head);
            if (offset == 0)
            {
                // A block that belonged to another sequence may contain NaN, and a probability of 0 times NaN would be NaN. So the values, and
                // the scales that follow them, are cleared when a block begins.
                new Span<byte>(v, (int)_cache.ValueBytes).Clear();
            }

            if (_cache.IsQuantized)
            {
                StoreCodes(x, norm, _cache.Keys(_group, block, head), values, v, _cache.Scales(_group, block, head) + offset, offset, d);
            }
            else if (_cache.Type == ElementType.BF16)
            {
                StoreBf16(x, norm, _cache.Keys(_group, block, head) + (offset * 4), values, v, offset, d);
            }
            else
            {
                float* key = (float*)_cache.Keys(_group, block, head) + offset;
                float* value = (float*)v + (offset * _cache.ValueColumns);
                for (int i = 0; i < d; i++)
                {
                    key[i * KvBlocks.Positions] = x[i] * norm;
                    value[i] = values[i];
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StoreBf16(float* x, float norm, byte* key, float* values, byte* valueBase, int offset, int d)
    {
        ushort* rounded = stackalloc ushort[d + 16];
        Round(x, norm, rounded, d);
        for (int i = 0; i < d; i += 2)
        {
            *(uint*)(key + (i / 2 * KvBlocks.Positions * 4)) = *(uint*)(rounded + i);
        }

        Round(values, 1f, rounded, d);
        ushort* value = (ushort*)(valueBase + (offset / 2 * (long)_cache.ValueColumns * 4)) + (offset & 1);
        for (int i = 0; i < d; i++)
        {
            value[2 * i] = rounded[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StoreCodes(float* x, float norm, byte* key, float* values, byte* valueBase, ushort* scales, int offset, int d)
    {
        byte* codes = stackalloc byte[d + 16];
        scales[0] = KvQuantizer.Quantize(x, norm, codes, d, _cache.Type);
        for (int i = 0; i < d; i += 2)
        {
            *(ushort*)(key + (i * KvBlocks.Positions) + (offset * 2)) = *(ushort*)(codes + i);
        }

        scales[KvBlocks.Positions] = KvQuantizer.Quantize(values, 1f, codes, d, _cache.Type);
        byte* value = valueBase + (offset / 2 * (long)_cache.ValueColumns * 2) + (offset & 1);
        for (int i = 0; i < d; i++)
        {
            value[2 * i] = codes[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Round(float* x, float factor, ushort* target, int count)
    {
        int i = 0;
        Vector512<float> f = Vector512.Create(factor);
        for (; i + 16 <= count; i += 16)
        {
            Conversion.StoreBf16(Vector512.Load(x + i) * f, target + i);
        }

        for (; i < count; i++)
        {
            target[i] = Conversion.ToBf16(x[i] * factor);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StoreQuery(float* x, float* scale, float norm, byte* target, int d)
    {
        int i = 0;
        Vector512<float> n = Vector512.Create(norm);
        for (; i + 16 <= d; i += 16)
        {
            Vector512<float> value = Vector512.Load(x + i) * n * Vector512.Load(scale + i);
            if (_queries.Widened)
            {
                Conversion.RoundToBf16(value).Store((float*)target + i);
            }
            else if (_cache.ComputeType == ElementType.BF16)
            {
                Conversion.StoreBf16(value, (ushort*)target + i);
            }
            else
            {
                value.Store((float*)target + i);
            }
        }

        for (; i < d; i++)
        {
            float value = x[i] * norm * scale[i];
            if (_queries.Widened)
            {
                ((float*)target)[i] = Conversion.ToSingle(Conversion.ToBf16(value));
            }
            else if (_cache.ComputeType == ElementType.BF16)
            {
                ((ushort*)target)[i] = Conversion.ToBf16(value);
            }
            else
            {
                ((float*)target)[i] = value;
            }
        }
    }

    // Rotates a head and returns the factor that normalises it. A head that is normed first is normed and weighted already, so its factor is 1.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float NormAndRotate(float* x, float[]? weights, float* cos, float* sin, int d)
    {
        if (_keyScale is null)
        {
            Rotate(x, cos, sin, d);
            return _normalises ? RmsNorm.Scale(x, d, _eps) : 1f;
        }

        fixed (float* weight = weights)
        {
            Weigh(x, weight, _normalises ? RmsNorm.Scale(x, d, _eps) : 1f, d);
        }

        Rotate(x, cos, sin, d);
        return 1f;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weigh(float* x, float* weight, float norm, int d)
    {
        int i = 0;
        Vector512<float> n = Vector512.Create(norm);
        for (; i + 16 <= d; i += 16)
        {
            (Vector512.Load(x + i) * n * Vector512.Load(weight + i)).Store(x + i);
        }

        for (; i < d; i++)
        {
            x[i] = x[i] * norm * weight[i];
        }
    }

    // The "rotate half" form of the rotary embedding: element i rotates with element i + d/2.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rotate(float* x, float* cos, float* sin, int d)
    {
        int half = d / 2;
        float* y = x + half;
        int i = 0;
        for (; i + 16 <= half; i += 16)
        {
            Vector512<float> a = Vector512.Load(x + i), b = Vector512.Load(y + i);
            Vector512<float> c = Vector512.Load(cos + i), s = Vector512.Load(sin + i);
            ((a * c) - (b * s)).Store(x + i);
            ((b * c) + (a * s)).Store(y + i);
        }

        for (; i < half; i++)
        {
            (float a, float b) = (x[i], y[i]);
            x[i] = (a * cos[i]) - (b * sin[i]);
            y[i] = (b * cos[i]) + (a * sin[i]);
        }
    }

    private void AddBias(float* x)
    {
        if (_bias is null)
        {
            return;
        }

        for (int i = 0; i < _bias.Length; i++)
        {
            x[i] += _bias[i];
        }
    }
}
