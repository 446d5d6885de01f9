using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Elementwise;

namespace HunyuanOrleans.Cuda.Tests.Attention;

/// <summary>Attention of one sequence in float64. Only queries, keys and values are rounded as they are stored.</summary>
internal sealed class AttentionReference
{
    private readonly int _heads;
    private readonly int _keyHeads;
    private readonly int _size;
    private readonly ElementType _type;
    private readonly AttentionParameters _weights;
    private readonly double[][][] _keys;
    private readonly double[][][] _values;

    /// <summary>Computes the keys and values of a sequence.</summary>
    /// <param name="heads">Query heads.</param>
    /// <param name="keyHeads">Key/value heads.</param>
    /// <param name="size">Elements of a head.</param>
    /// <param name="type">Type of keys and values.</param>
    /// <param name="weights">The parameters of the layer.</param>
    /// <param name="sequence">The rows.</param>
    /// <param name="positionOf">The position of each row; by default its number.</param>
    public AttentionReference(
        int heads, int keyHeads, int size, ElementType type, AttentionParameters weights, TestSequence sequence, Func<int, int>? positionOf = null)
    {
        (_heads, _keyHeads, _size, _type, _weights) = (heads, keyHeads, size, type, weights);
        int length = sequence.Rows.Length;
        _keys = new double[length][][];
        _values = new double[length][][];
        for (int p = 0; p < length; p++)
        {
            float[] row = sequence.Rows[p];
            int position = positionOf?.Invoke(p) ?? p;
            _keys[p] = [.. Enumerable.Range(0, keyHeads).Select(h => Stored(Turned(row, heads + h, position)))];
            _values[p] = [.. Enumerable.Range(0, keyHeads).Select(h => Stored(Biased(row, heads + keyHeads + h)))];
        }
    }

    /// <summary>The output of a row: [heads, size].</summary>
    /// <param name="row">The projected row.</param>
    /// <param name="position">Its position.</param>
    /// <param name="context">For each position up to this one, which of the sequence it is.</param>
    public double[] Attend(float[] row, int position, ReadOnlySpan<int> context)
    {
        double[] output = new double[_heads * _size];
        for (int head = 0; head < _heads; head++)
        {
            double[] query = Turned(row, head, position);
            for (int i = 0; i < _size; i++)
            {
                query[i] *= (_weights.QueryNorm is null ? 1 : (double)_weights.QueryNorm[i] * _weights.KeyNorm![i]) / Math.Sqrt(_size);
                query[i] = _type == ElementType.F32 ? query[i] : Conversion.ToSingle(Conversion.ToBf16((float)query[i] * MathF.Log2(MathF.E))) / Math.Log2(Math.E);
            }

            int keyHead = head / (_heads / _keyHeads);
            double[] weights = new double[context.Length];
            for (int p = 0; p < context.Length; p++)
            {
                weights[p] = query.Zip(_keys[context[p]][keyHead], (a, b) => a * b).Sum();
            }

            double max = weights.Max();
            double sum = 0;
            for (int p = 0; p < context.Length; p++)
            {
                weights[p] = Math.Exp(weights[p] - max);
                sum += weights[p];
            }

            for (int p = 0; p < context.Length; p++)
            {
                for (int i = 0; i < _size; i++)
                {
                    output[(head * _size) + i] += weights[p] / sum * _values[context[p]][keyHead][i];
                }
            }
        }

        return output;
    }

    private double[] Biased(float[] row, int head) =>
        [.. Enumerable.Range(head * _size, _size).Select(i => (double)row[i] + (_weights.Bias is null ? 0 : _weights.Bias[i]))];

    private double[] Turned(float[] row, int head, int position)
    {
        double[] x = Biased(row, head);
        int half = _size / 2;
        float[] cos = new float[half];
        float[] sin = new float[half];
        TestSequence.Angles(position, cos, sin);
        for (int i = 0; i < half; i++)
        {
            (x[i], x[i + half]) = ((x[i] * cos[i]) - (x[i + half] * sin[i]), (x[i + half] * cos[i]) + (x[i] * sin[i]));
        }

        double norm = _weights.QueryNorm is null ? 1 : 1 / Math.Sqrt((x.Sum(v => v * v) / _size) + _weights.Eps);
        return [.. x.Select(v => v * norm)];
    }

    private double[] Stored(double[] x)
    {
        if (_type is ElementType.F32 or ElementType.BF16)
        {
            return _type == ElementType.F32 ? x : [.. x.Select(v => (double)Conversion.ToSingle(Conversion.ToBf16((float)v)))];
        }

        float largest = (float)x.Max(Math.Abs);
        uint bits = BitConverter.SingleToUInt32Bits(largest / (_type == ElementType.I8 ? 127 : E4M3.Max));
        float scale = Conversion.ToSingle((ushort)((bits + 0xFFFF) >> 16));
        return [.. x.Select(v => scale * (_type == ElementType.I8 ? Math.Round(v / scale) : E4M3.ToSingle(E4M3.FromSingle((float)v / scale))))];
    }
}
