using HunyuanOrleans.Kernels.Gradients;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Gradients;

/// <summary>Each operation of training against formulas in float64, and its gradients against finite differences of these formulas.</summary>
public sealed class GradientTests : IDisposable
{
    private const double Tolerance = 2e-5, Step = 1e-5;

    private readonly WorkerPool _pool = new(2, pin: false);
    private readonly Random _random = new(7);

    public void Dispose() => _pool.Dispose();

    [Theory]
    [InlineData(5, 40, 40)]
    [InlineData(3, 64, 16)]
    [InlineData(40, 33, 11)]
    public void Norms(int rows, int columns, int width)
    {
        Activation x = Random(rows, columns), w = Random(1, width), dy = Random(rows, columns), y = new(rows, columns, ElementType.F32);
        Activation dx = new(rows, columns, ElementType.F32), dw = new(1, width, ElementType.F32);
        NormGradient norm = new(_pool);
        norm.Forward(x, w, 1e-5f, y, rows);
        norm.Backward(x, w, 1e-5f, dy, dx, accumulate: false, dw, rows);
        AssertClose(Formula(Values(x), Values(w)), Values(y));
        double[] At(double[] a, double[] b) => Formula(a, b);
        AssertClose(Slopes(Values(x), a => Dot(At(a, Values(w)), Values(dy))), Values(dx));
        AssertClose(Slopes(Values(w), b => Dot(At(Values(x), b), Values(dy))), Values(dw));

        double[] Formula(double[] input, double[] weight)
        {
            double[] result = new double[input.Length];
            for (int at = 0; at < input.Length; at += width)
            {
                double mean = Enumerable.Range(at, width).Sum(i => input[i] * input[i]) / width;
                for (int i = 0; i < width; i++)
                {
                    result[at + i] = input[at + i] * weight[i] / Math.Sqrt(mean + 1e-5);
                }
            }

            return result;
        }
    }

    [Fact]
    public void SwiGlu()
    {
        const int Rows = 9, Columns = 37;
        Activation gate = Random(Rows, Columns, 3), up = Random(Rows, Columns), dy = Random(Rows, Columns), y = new(Rows, Columns, ElementType.F32);
        double[] g = Values(gate), u = Values(up);
        SwiGluGradient swiGlu = new(_pool);
        swiGlu.Forward(gate, up, y, 0, Rows);
        AssertClose(Formula(g, u), Values(y));
        swiGlu.Backward(gate, up, dy, 0, Rows);
        AssertClose(Slopes(g, a => Dot(Formula(a, u), Values(dy))), Values(gate));
        AssertClose(Slopes(u, a => Dot(Formula(g, a), Values(dy))), Values(up));

        static double[] Formula(double[] a, double[] b) => [.. a.Zip(b, static (p, q) => p / (1 + Math.Exp(-p)) * q)];
    }

    [Fact]
    public void Rotation_backward_undoes_the_rotation()
    {
        const int Rows = 6, Half = 20;
        Activation x = Random(Rows, 4 * Half), cos = new(Rows, Half, ElementType.F32), sin = new(Rows, Half, ElementType.F32);
        double[] before = Values(x);
        for (int row = 0; row < Rows; row++)
        {
            for (int i = 0; i < Half; i++)
            {
                (cos.Row(row)[i], sin.Row(row)[i]) = (MathF.Cos((row * 3) + i), MathF.Sin((row * 3) + i));
            }
        }

        RotaryGradient rotary = new(_pool);
        rotary.Rotate(x, cos, sin, Rows, backward: false);
        Assert.Equal((before[3] * cos.Row(0)[3]) - (before[Half + 3] * sin.Row(0)[3]), x.Row(0)[3], 5);
        Assert.Equal((before[Half + 3] * cos.Row(0)[3]) + (before[3] * sin.Row(0)[3]), x.Row(0)[Half + 3], 5);
        rotary.Rotate(x, cos, sin, Rows, backward: true);
        AssertClose(before, Values(x));
    }

    [Theory]
    [InlineData(4, 2, 8)]
    [InlineData(3, 3, 20)]
    public void Attention(int heads, int keyHeads, int size)
    {
        SequenceRange[] sequences = [new(0, 7), new(7, 1), new(8, 11)];
        const int Rows = 19;
        Activation q = Random(Rows, heads * size), k = Random(Rows, keyHeads * size), v = Random(Rows, keyHeads * size), dy = Random(Rows, heads * size);
        Activation y = New(q), sums = new(Rows, heads, ElementType.F32), dq = New(q), dk = New(k), dv = New(v);
        using CausalAttention attention = new(_pool);
        AttentionRows rows = new(q, k, v, size);
        attention.Forward(rows, sequences, y, sums);
        attention.Backward(rows, sequences, y, sums, dy, dq, dk, dv);
        double[] queries = Values(q), keys = Values(k), values = Values(v), given = Values(dy);
        AssertClose(Formula(queries, keys, values), Values(y));
        AssertClose(Slopes(queries, a => Dot(Formula(a, keys, values), given)), Values(dq));
        AssertClose(Slopes(keys, a => Dot(Formula(queries, a, values), given)), Values(dk));
        AssertClose(Slopes(values, a => Dot(Formula(queries, keys, a), given)), Values(dv));

        double[] Formula(double[] qs, double[] ks, double[] vs)
        {
            double[] result = new double[qs.Length];
            int group = heads / keyHeads, wide = heads * size, narrow = keyHeads * size;
            foreach (SequenceRange sequence in sequences)
            {
                for (int i = sequence.Start; i < sequence.Start + sequence.Length; i++)
                {
                    for (int head = 0; head < heads; head++)
                    {
                        int own = head / group * size;
                        double[] scores = [.. Enumerable.Range(sequence.Start, i - sequence.Start + 1).Select(j =>
                            Math.Exp(Enumerable.Range(0, size).Sum(c => qs[(i * wide) + (head * size) + c] * ks[(j * narrow) + own + c]) / Math.Sqrt(size)))];
                        double sum = scores.Sum();
                        for (int c = 0; c < size; c++)
                        {
                            result[(i * wide) + (head * size) + c] = scores.Select((p, j) => p / sum * vs[((sequence.Start + j) * narrow) + own + c]).Sum();
                        }
                    }
                }
            }

            return result;
        }
    }

    [Fact]
    public void Attention_over_several_blocks_equals_the_blocks_of_one()
    {
        const int Rows = 300, Size = 16;
        Activation q = Random(Rows, 2 * Size), k = Random(Rows, Size), v = Random(Rows, Size), y = New(q), sums = new(Rows, 2, ElementType.F32);
        using CausalAttention attention = new(_pool);
        attention.Forward(new AttentionRows(q, k, v, Size), [new SequenceRange(0, Rows)], y, sums);
        int last = Rows - 1;
        double[] scores = [.. Enumerable.Range(0, Rows).Select(j => Math.Exp(Enumerable.Range(0, Size).Sum(c => (double)q.Row(last)[Size + c] * k.Row(j)[c]) / 4))];
        for (int c = 0; c < Size; c++)
        {
            Assert.Equal(scores.Select((p, j) => p / scores.Sum() * v.Row(j)[c]).Sum(), y.Row(last)[Size + c], 4);
        }

        Assert.Equal(Math.Log(scores.Sum()), sums.Row(last)[1], 4);
    }

    [Fact]
    public void Cross_entropy()
    {
        const int Rows = 4, Columns = 45;
        Activation logits = Random(Rows, Columns, 4);
        double[] before = Values(logits);
        int[] labels = [0, 44, 7, 16];
        float[] losses = new float[Rows];
        float[] alone = new float[Rows];
        new CrossEntropy(_pool).Losses(logits, labels, alone);
        Assert.Equal(before, Values(logits));
        new CrossEntropy(_pool).Run(logits, labels, losses, 0.25f);
        Assert.Equal(losses, alone);
        AssertClose(Enumerable.Range(0, Rows).Select(row => Loss(before, row)).ToArray(), [.. losses.Select(static loss => (double)loss)]);
        AssertClose(Slopes(before, a => Enumerable.Range(0, Rows).Sum(row => Loss(a, row)) * 0.25), Values(logits));

        double Loss(double[] values, int row)
        {
            double[] own = values[(row * Columns)..((row + 1) * Columns)];
            return Math.Log(own.Sum(Math.Exp)) - own[labels[row]];
        }
    }

    [Fact]
    public void AdamW()
    {
        Activation w = Random(3, 21), g = Random(3, 21), m = Random(3, 21), v = new(3, 21, ElementType.F32);
        double[] weights = Values(w), gradients = Values(g), first = Values(m);
        new AdamWUpdate(_pool).Run(w, g, m, v, new AdamWStep(0.01, 0.1, 0.9, 0.99, 1e-8, 0.5, 3));
        double[] expected = [.. Enumerable.Range(0, weights.Length).Select(i =>
        {
            double mean = (0.9 * first[i]) + (0.1 * gradients[i] * 0.5), square = 0.01 * gradients[i] * gradients[i] * 0.25;
            return (weights[i] * (1 - 0.001)) - (0.01 * (mean / (1 - Math.Pow(0.9, 3))) / (Math.Sqrt(square / (1 - Math.Pow(0.99, 3))) + 1e-8));
        })];
        AssertClose(expected, Values(w));
        Assert.Equal(gradients.Sum(static x => x * x), new AdamWUpdate(_pool).SumOfSquares(g), 8);
    }

    [Fact]
    public void Dropout_keeps_the_mean_and_repeats_its_choice()
    {
        Activation x = new(100, 200, ElementType.F32), y = New(x), again = New(x), other = New(x);
        for (int row = 0; row < x.Rows; row++)
        {
            x.Row(row).Fill(1);
        }

        RowOperations rows = new(_pool);
        rows.Dropout(x, 0, y, x.Rows, 0.25, 5);
        rows.Dropout(x, 0, again, x.Rows, 0.25, 5);
        rows.Dropout(x, 0, other, x.Rows, 0.25, 6);
        Assert.Equal(Values(y), Values(again));
        Assert.NotEqual(Values(y), Values(other));
        Assert.InRange(Values(y).Count(static value => value == 0), 4700, 5300);
        Assert.InRange(Values(y).Average(), 0.97, 1.03);
    }

    private static Activation New(Activation like) => new(like.Rows, like.Columns, ElementType.F32);

    private Activation Random(int rows, int columns, double scale = 1)
    {
        Activation x = new(rows, columns, ElementType.F32);
        for (int row = 0; row < rows; row++)
        {
            foreach (ref float value in x.Row(row))
            {
                value = (float)(((_random.NextDouble() * 2) - 1) * scale);
            }
        }

        return x;
    }

    private static double[] Values(Activation x) => [.. Enumerable.Range(0, x.Rows).SelectMany(row => x.Row(row).ToArray()).Select(static value => (double)value)];

    private static double Dot(double[] a, double[] b) => a.Zip(b, static (x, y) => x * y).Sum();

    // Central differences.
    private static double[] Slopes(double[] values, Func<double[], double> function) => [.. values.Select((_, i) =>
    {
        double[] up = [.. values], down = [.. values];
        up[i] += Step;
        down[i] -= Step;
        return (function(up) - function(down)) / (2 * Step);
    })];

    private static void AssertClose(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double largest = expected.Zip(actual, static (a, b) => Math.Abs(a - b) / Math.Max(1, Math.Abs(a))).Max();
        Assert.True(largest <= Tolerance, $"The values differ by {largest}.");
        Assert.Contains(expected, static value => value != 0);
    }
}
