using System.Runtime.InteropServices;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.LowRank;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.LowRank;

/// <summary>y += scale * B (A x) against a plain double computation, for all types and awkward sizes; and the same bits beside other rows.</summary>
public sealed class LowRankProductsTests
{
    [Theory]
    [InlineData(1, 1, 1, ElementType.F32, ElementType.F32, 64)]
    [InlineData(4, 64, 64, ElementType.F32, ElementType.F32, 64)]
    [InlineData(5, 17, 65, ElementType.F32, ElementType.BF16, 64)]
    [InlineData(16, 100, 130, ElementType.BF16, ElementType.BF16, 128)]
    [InlineData(7, 48, 63, ElementType.BF16, ElementType.F32, 128)]
    [InlineData(33, 1000, 300, ElementType.F32, ElementType.BF16, 64)]
    public void Results_are_those_of_a_plain_computation(int rank, int inputs, int outputs, ElementType type, ElementType inputType, int stride)
    {
        Random random = new(rank + inputs);
        using Case test = new(random, rank, inputs, outputs, type);
        const int Rows = 19, Column = 3;
        int blocks = (outputs + 63) / 64, columns = Column + (blocks * stride) + 2;
        using Activation x = new(Rows + 1, inputs, inputType), y = new(Rows + 1, columns, ElementType.F32);
        float[][] xs = [.. Enumerable.Range(0, Rows + 1).Select(row => Fill(x, row, random))];
        float[][] before = [.. Enumerable.Range(0, Rows + 1).Select(row => Fill(y, row, random))];
        using WorkerPool pool = new(2, pin: false);
        using LowRankProducts products = new(pool);
        products.Add(test.Matrix, x, 1, Rows, y, Column, stride);
        products.Run();
        Assert.Equal(before[0], y.Row(0).ToArray());
        for (int row = 1; row <= Rows; row++)
        {
            double[] expected = [.. before[row].Select(static value => (double)value)];
            for (int o = 0; o < outputs; o++)
            {
                expected[Column + (o / 64 * stride) + (o % 64)] += test.Delta(o, xs[row]);
            }

            for (int c = 0; c < columns; c++)
            {
                Assert.Equal(expected[c], y.Row(row)[c], 1e-3 * Math.Max(1, Math.Abs(expected[c])));
            }
        }
    }

    [Fact]
    public void Bits_of_a_row_do_not_depend_on_its_neighbours_or_threads()
    {
        Random random = new(5);
        using Case first = new(random, 16, 200, 200, ElementType.BF16);
        using Case second = new(random, 3, 200, 200, ElementType.F32);
        using Activation x = new(40, 200, ElementType.BF16), y = new(40, 200, ElementType.F32), alone = new(40, 200, ElementType.F32), many = new(40, 200, ElementType.F32);
        for (int row = 0; row < 40; row++)
        {
            Fill(x, row, random);
            Fill(y, row, random).CopyTo(alone.Row(row));
            alone.Row(row).CopyTo(many.Row(row));
        }

        using WorkerPool one = new(1, pin: false), three = new(3, pin: false);
        using LowRankProducts together = new(three), single = new(one);
        together.Add(first.Matrix, x, 0, 25, y, 0);
        together.Add(second.Matrix, x, 25, 15, y, 0);
        together.Run();
        for (int row = 0; row < 40; row++)
        {
            single.Add(row < 25 ? first.Matrix : second.Matrix, x, row, 1, alone, 0);
            single.Run();
            Assert.True(MemoryMarshal.AsBytes(alone.Row(row)).SequenceEqual(MemoryMarshal.AsBytes(y.Row(row))), $"row {row}");
        }

        // So many products that each worker computes whole ones.
        for (int row = 0; row < 40; row++)
        {
            together.Add(row < 25 ? first.Matrix : second.Matrix, x, row, 1, many, 0);
        }

        together.Run();
        for (int row = 0; row < 40; row++)
        {
            Assert.True(MemoryMarshal.AsBytes(alone.Row(row)).SequenceEqual(MemoryMarshal.AsBytes(many.Row(row))), $"row {row} among many products");
        }
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        using Case test = new(new Random(1), 4, 32, 100, ElementType.F32);
        using WorkerPool pool = new(1, pin: false);
        using LowRankProducts products = new(pool);
        using Activation x = new(4, 32, ElementType.F32), wide = new(4, 33, ElementType.F32), y = new(4, 100, ElementType.F32), rounded = new(4, 100, ElementType.BF16);
        Assert.Throws<ArgumentException>(() => products.Add(test.Matrix, wide, 0, 1, y, 0));
        Assert.Throws<ArgumentException>(() => products.Add(test.Matrix, x, 0, 1, y, 1));
        Assert.Throws<ArgumentException>(() => products.Add(test.Matrix, x, 0, 1, y, 0, 128));
        Assert.Throws<ArgumentException>(() => products.Add(test.Matrix, x, 3, 2, y, 0));
        Assert.Throws<ArgumentException>(() => products.Add(test.Matrix, x, 0, 1, rounded, 0));
        products.Run();
    }

    private static float[] Fill(Activation rows, int row, Random random)
    {
        float[] values = [.. Enumerable.Range(0, rows.Columns).Select(_ => random.NextSingle() - 0.5f)];
        Conversion.FromSingles(values, rows.Type, rows.RowBytes(row));
        Conversion.ToSingles(rows.RowBytes(row), rows.Type, values);
        return values;
    }

    private sealed class Case : IDisposable
    {
        private readonly NativeBuffer _memory;
        private readonly float[][] _a, _b;

        public Case(Random random, int rank, int inputs, int outputs, ElementType type)
        {
            _memory = new NativeBuffer(64 + LowRankMatrix.BytesOf(rank, inputs, outputs, type));
            Matrix = new LowRankMatrix(rank, inputs, outputs, type, 1.5f, _memory, 64);
            _a = [.. Enumerable.Range(0, rank).Select(row => Rounded(random, inputs, type, bytes => Matrix.SetA(row, bytes, type)))];
            _b = [.. Enumerable.Range(0, outputs).Select(row => Rounded(random, rank, type, bytes => Matrix.SetB(row, bytes, type)))];
        }

        public LowRankMatrix Matrix { get; }

        public double Delta(int output, float[] x) =>
            1.5 * _b[output].Select((b, j) => b * _a[j].Select((a, i) => (double)a * x[i]).Sum()).Sum();

        public void Dispose() => _memory.Dispose();

        private static float[] Rounded(Random random, int count, ElementType type, Action<byte[]> set)
        {
            float[] values = [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
            byte[] bytes = new byte[count * type.Size()];
            Conversion.FromSingles(values, type, bytes);
            Conversion.ToSingles(bytes, type, values);
            set(bytes);
            return values;
        }
    }
}
