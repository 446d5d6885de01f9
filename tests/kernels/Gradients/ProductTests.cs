using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Gradients;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Gradients;

/// <summary>The products of training against sums in float64, for every instruction set, and the same bits with any number of threads.</summary>
public sealed class ProductTests
{
    private readonly Random _random = new(3);

    public static TheoryData<ComputeMode, InstructionSet> Kernels()
    {
        TheoryData<ComputeMode, InstructionSet> data = [];
        foreach (InstructionSet isa in FloatKernels.Sets)
        {
            data.Add(ComputeMode.F32, isa);
            data.Add(ComputeMode.Bf16, isa);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Products_with_weights(ComputeMode mode, InstructionSet isa)
    {
        (int Tokens, int Rows, int Columns)[] shapes = [(1, 17, 40), (33, 130, 70), (600, 48, 36)];
        foreach ((int tokens, int rows, int columns) in shapes)
        {
            Activation x = Random(tokens + 3, columns), dy = Random(tokens + 3, rows), w = Random(rows, columns), dw = Random(rows, columns);
            float[][] before = Rows(dw, 0, rows);
            using WorkerPool pool = new(2, pin: false);
            using WeightProducts products = new(pool, PanelKernels.For(isa), mode);
            ElementType type = mode.Element();
            using NativeBuffer memory = new(PackedMatrix.SizeOf(rows, columns, type)), other = new(PackedMatrix.SizeOf(columns, rows, type));
            PackedMatrix forward = new(rows, columns, type, memory, 0, PanelKernels.For(isa)), backward = new(columns, rows, type, other, 0, PanelKernels.For(isa));
            products.Pack(w, forward, backward);
            Activation y = new(tokens + 3, rows, ElementType.F32), dx = new(tokens + 3, columns, ElementType.F32);
            products.Run(forward, x, 2, y, 1, tokens, accumulate: false);
            products.Run(backward, dy, 1, dx, 3, tokens, accumulate: false);
            products.AddWeightGradient(dy, 1, x, 2, tokens, dw);
            float[][] xs = Rounded(Rows(x, 2, tokens), mode), dys = Rounded(Rows(dy, 1, tokens), mode), ws = Rounded(Rows(w, 0, rows), mode);
            AssertClose((i, j) => Sum(columns, c => xs[i][c] * (double)ws[j][c]), Rows(y, 1, tokens));
            AssertClose((i, j) => Sum(rows, c => dys[i][c] * (double)ws[c][j]), Rows(dx, 3, tokens));
            AssertClose((i, j) => before[i][j] + Sum(tokens, t => dys[t][i] * (double)xs[t][j]), Rows(dw, 0, rows));
        }
    }

    [Theory]
    [InlineData(ComputeMode.F32)]
    [InlineData(ComputeMode.Bf16)]
    public void The_number_of_threads_changes_no_bit_of_a_weight_gradient(ComputeMode mode)
    {
        // More tokens than one pass takes, and sizes that fill no tile.
        const int Tokens = 1100, Height = 190, Columns = 77;
        Activation dy = Random(Tokens, Height), x = Random(Tokens, Columns);
        List<float[][]> results = [];
        foreach (int threads in (int[])[1, 2, 3])
        {
            using WorkerPool pool = new(threads, pin: false);
            using WeightProducts products = new(pool, PanelKernels.For(), mode);
            using Activation dw = new(Height, Columns, ElementType.F32);
            products.AddWeightGradient(dy, 0, x, 0, Tokens, dw);
            results.Add(Rows(dw, 0, Height));
        }

        float[][] dys = Rounded(Rows(dy, 0, Tokens), mode), xs = Rounded(Rows(x, 0, Tokens), mode);
        AssertClose((i, j) => Sum(Tokens, t => dys[t][i] * (double)xs[t][j]), results[0]);
        Assert.Equal(results[0], results[1]);
        Assert.Equal(results[0], results[2]);
    }

    [Fact]
    public void Products_of_rows()
    {
        (int Tokens, int Rows, int Columns)[] shapes = [(1, 4, 9), (70, 33, 300), (300, 8, 520)];
        foreach ((int tokens, int rows, int columns) in shapes)
        {
            List<float[][]> results = [];
            Activation x = Random(tokens + 2, columns), w = Random(rows, columns), y = Random(tokens + 2, rows), c = Random(rows, columns);
            float[][] before = Rows(c, 0, rows);
            foreach (int threads in (int[])[1, 3])
            {
                using WorkerPool pool = new(threads, pin: false);
                using FloatProducts products = new(pool);
                Activation forward = new(tokens + 2, rows, ElementType.F32), backward = new(tokens + 2, columns, ElementType.F32), gradient = new(rows, columns, ElementType.F32);
                Copy(before, gradient);
                products.TimesTransposed(x, 1, w, forward, 2, tokens, 0.5f, accumulate: false);
                products.Times(y, 2, w, backward, 0, tokens, 2, accumulate: false);
                products.AddTransposedTimes(y, 2, x, 1, tokens, gradient, 1);
                results.Add([.. Rows(forward, 2, tokens), .. Rows(backward, 0, tokens), .. Rows(gradient, 0, rows)]);
            }

            Assert.Equal(results[0], results[1]);
            float[][] xs = Rows(x, 1, tokens), ys = Rows(y, 2, tokens), ws = Rows(w, 0, rows);
            AssertClose((i, j) => 0.5 * Sum(columns, k => xs[i][k] * (double)ws[j][k]), results[0][..tokens]);
            AssertClose((i, j) => 2 * Sum(rows, k => ys[i][k] * (double)ws[k][j]), results[0][tokens..(2 * tokens)]);
            AssertClose((i, j) => before[i][j] + Sum(tokens, t => ys[t][i] * (double)xs[t][j]), results[0][(2 * tokens)..]);
        }
    }

    private static double Sum(int count, Func<int, double> term) => Enumerable.Range(0, count).Sum(term);

    private static float[][] Rows(Activation x, int first, int count) => [.. Enumerable.Range(first, count).Select(row => x.Row(row).ToArray())];

    private static float[][] Rounded(float[][] rows, ComputeMode mode) => mode == ComputeMode.F32 ? rows
        : [.. rows.Select(static row => row.Select(static value => Conversion.ToSingle(Conversion.ToBf16(value))).ToArray())];

    private static void Copy(float[][] rows, Activation target)
    {
        for (int row = 0; row < rows.Length; row++)
        {
            rows[row].CopyTo(target.Row(row));
        }
    }

    private static void AssertClose(Func<int, int, double> expected, float[][] actual)
    {
        for (int i = 0; i < actual.Length; i += Math.Max(1, actual.Length / 7))
        {
            for (int j = 0; j < actual[i].Length; j++)
            {
                double wanted = expected(i, j);
                Assert.True(Math.Abs(wanted - actual[i][j]) <= 1e-4 * Math.Max(1, Math.Abs(wanted)), $"[{i}, {j}] is {actual[i][j]} instead of {wanted}.");
            }
        }
    }

    private Activation Random(int rows, int columns)
    {
        Activation x = new(rows, columns, ElementType.F32);
        for (int row = 0; row < rows; row++)
        {
            foreach (ref float value in x.Row(row))
            {
                value = (float)((_random.NextDouble() * 2) - 1);
            }
        }

        return x;
    }
}
