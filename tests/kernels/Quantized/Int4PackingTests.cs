using System.Runtime.InteropServices;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Quantized;

/// <summary>Packed 4-bit matrices of weights and of stored codes.</summary>
public sealed unsafe class Int4PackingTests(WorkerPools pools) : IClassFixture<WorkerPools>
{
    public static TheoryData<int, int, ElementType> Shapes
    {
        get
        {
            TheoryData<int, int, ElementType> data = [];
            foreach (ElementType type in new[] { ElementType.F32, ElementType.F16, ElementType.BF16 })
            {
                foreach (int rows in new[] { 1, 17, 48, 64, 130 })
                {
                    foreach (int columns in new[] { 1, 31, 32, 70, 160 })
                    {
                        data.Add(rows, columns, type);
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void WeightsAreQuantizedWithinTheStepOfTheirGroup(int rows, int columns, ElementType type)
    {
        float[] values = ActivationRows.Random(rows * columns, rows + columns);
        byte[] bytes = Store(values, type);
        Conversion.ToSingles(bytes, type, values);
        fixed (byte* source = bytes)
        {
            SourceRows sources = new((nint)source, (long)columns * type.Size(), rows, type);
            using PackedWeights packed = PackedWeights.Pack([sources], rows, columns, ElementType.I4, InstructionSets.Best, pools.All[1]);
            long size = (rows + 15) / 16 * ((columns + 31) / 32) * 288L;
            Assert.Equal((size + 63) / 64 * 64, packed.Matrix.ByteLength);
            Assert.True(new ReadOnlySpan<byte>(packed.Matrix.Block(0) + size, (int)(packed.Matrix.ByteLength - size)).IndexOfAnyExcept((byte)0) < 0);
            for (int row = 0; row < rows; row++)
            {
                for (int column = 0; column < columns; column++)
                {
                    ReadOnlySpan<float> group = values.AsSpan((row * columns) + (column / 32 * 32), Math.Min(32, columns - (column / 32 * 32)));
                    float largest = Math.Max(MathF.Abs(group.ToArray().Max()), MathF.Abs(group.ToArray().Min()));
                    double value = Int4Reader.Code(packed.Matrix, row, column) * (double)Int4Reader.Scale(packed.Matrix, row, column);

                    // Half a step of the coarsest candidate scale, or the value clipped by the finest.
                    Assert.True(Math.Abs(value - values[(row * columns) + column]) <= (largest * 0.25) + 1e-6, $"[{row}, {column}] is {value}.");
                }
            }

            AssertPaddingIsZero(packed.Matrix, rows, columns);
        }
    }

    [Theory]
    [InlineData(1, 8, ElementType.F16)]
    [InlineData(48, 32, ElementType.BF16)]
    [InlineData(130, 96, ElementType.F16)]
    [InlineData(64, 104, ElementType.BF16)]
    [InlineData(17, 33, ElementType.F32)]
    public void StoredCodesAndScalesAreKept(int rows, int columns, ElementType scaleType)
    {
        StoredInt4Weights stored = new(rows, columns, scaleType, rows + columns);
        using PackedWeights packed = stored.Pack(pools.All[2]);
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                Assert.Equal(stored.Code(row, column), Int4Reader.Code(packed.Matrix, row, column));
                Assert.Equal(stored.Scale(row, column), (float)Int4Reader.Scale(packed.Matrix, row, column));
            }
        }

        AssertPaddingIsZero(packed.Matrix, rows, columns);
    }

    [Fact]
    public void SourcesOfDifferentTypesCanShareAPanel()
    {
        const int Columns = 64;
        StoredInt4Weights stored = new(5, Columns, ElementType.F16, 3);
        float[] values = new float[4 * Columns];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ((i % 16) - 8) * 0.5f;
        }

        fixed (float* floats = values)
        {
            nint address = (nint)floats;
            using PackedWeights packed = stored.Pack(pools.One, own => [
                SourceRows.Zeros(2), own, new SourceRows(address, Columns * 4L, 4, ElementType.F32), SourceRows.Zeros(7)], 18);
            for (int column = 0; column < Columns; column++)
            {
                for (int row = 0; row < 18; row++)
                {
                    float expected = row is >= 2 and < 7 ? stored.Code(row - 2, column) * stored.Scale(row - 2, column)
                        : row is >= 7 and < 11 ? values[((row - 7) * Columns) + column]
                        : 0;
                    Assert.Equal(expected, Int4Reader.Code(packed.Matrix, row, column) * (float)Int4Reader.Scale(packed.Matrix, row, column));
                }
            }
        }
    }

    [Theory]
    [InlineData(1e5f)]
    [InlineData(float.NegativeInfinity)]
    public void AScaleBeyondFloat16IsRejected(float scale)
    {
        StoredInt4Weights stored = new(20, 64, ElementType.BF16, 4);
        stored.SetScale(17, 1, scale);
        Exception refusal = Assert.ThrowsAny<Exception>(() => stored.Pack(pools.One));
        Assert.Contains("65504", refusal.ToString());
    }

    [Fact]
    public void InvalidSourcesAreRejected()
    {
        StoredInt4Weights stored = new(4, 32, ElementType.F16, 5);
        Assert.Contains("only to I4", Assert.Throws<ArgumentException>(() => stored.Pack(pools.One, own => [own], 4, ElementType.BF16)).Message);
        Assert.Contains("scales", Assert.Throws<ArgumentException>(() => stored.Pack(pools.One, own => [own with { Scales = null }], 4)).Message);
    }

    private static void AssertPaddingIsZero(PackedMatrix matrix, int rows, int columns)
    {
        for (int row = 0; row < (rows + 15) / 16 * 16; row++)
        {
            for (int column = row < rows ? columns : 0; column < (columns + 31) / 32 * 32; column++)
            {
                Assert.Equal(0, Int4Reader.Code(matrix, row, column));
                Assert.True(row < rows || Int4Reader.Scale(matrix, row, column) == Half.Zero);
            }
        }
    }

    private static byte[] Store(float[] values, ElementType type) => type switch
    {
        ElementType.F32 => MemoryMarshal.AsBytes(values.AsSpan()).ToArray(),
        ElementType.F16 => MemoryMarshal.AsBytes(values.Select(v => (Half)v).ToArray().AsSpan()).ToArray(),
        _ => MemoryMarshal.AsBytes(values.Select(Conversion.ToBf16).ToArray().AsSpan()).ToArray(),
    };
}
