using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.Kernels.Threading;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Quantized;

/// <summary>Rows that cannot be scaled, rows that are stored with scales, shared activations, and rejected arguments.</summary>
public sealed unsafe class QuantizationEdgeCaseTests(WorkerPools pools) : IClassFixture<WorkerPools>
{
    private const int Columns = 40;
    private const int Outputs = 20;

    [Theory]
    [InlineData(ElementType.I8)]
    [InlineData(ElementType.F8E4M3)]
    public void RowsWithoutAFiniteScaleGiveNaNOrZero(ElementType type)
    {
        float[] x = ActivationRows.Random(6 * Columns, 1);
        x[(1 * Columns) + 5] = float.NaN;
        x[(2 * Columns) + 33] = float.NegativeInfinity;
        Array.Clear(x, 3 * Columns, Columns);
        for (int i = 0; i < Columns; i++)
        {
            x[(4 * Columns) + i] *= 1e-38f;
        }

        foreach (InstructionSet isa in InstructionSets.Available)
        {
            using PackedWeights weights = PackedWeights.Pack(ActivationRows.Random(Outputs * Columns, 2), Outputs, Columns, type, isa, pools.One);
            using Activation from = ActivationRows.Of(x, Columns, ElementType.F32);
            using Activation to = new(6, Outputs, ElementType.F32);
            using MatrixProducts products = new(pools.One, 1);
            products.Add(weights.Matrix, from, 0, to, 0, 6, Epilogue.Store);
            products.Run();
            Assert.All(ActivationRows.Get(to, 1, 2), v => Assert.True(float.IsNaN(v)));
            Assert.All(ActivationRows.Get(to, 3, 2), v => Assert.Equal(0, v));
            Assert.All(ActivationRows.Get(to, 0, 1).Concat(ActivationRows.Get(to, 5, 1)), v => Assert.True(float.IsFinite(v) && v != 0));
        }
    }

    [Fact]
    public void AFixedScaleClampsInfinityAndKeepsNaN()
    {
        float[] x = [.. Enumerable.Repeat(2f, 2 * Columns)];
        x[0] = float.PositiveInfinity;
        x[Columns] = float.NaN;
        float[] w = [.. Enumerable.Repeat(448f, Outputs * Columns)];
        using NativeBuffer memory = new(PackedMatrix.SizeOf(Outputs, Columns, ElementType.F8E4M3));
        PackedMatrix matrix = new(Outputs, Columns, ElementType.F8E4M3, memory, 0, PanelKernels.For());
        fixed (float* at = w)
        {
            using MatrixPacker packer = new();
            packer.Pack(pools.One, matrix, [new SourceRows((nint)at, Columns * 4, Outputs, ElementType.F32)], 0.5f);
        }

        using Activation from = ActivationRows.Of(x, Columns, ElementType.F32);
        using Activation to = new(2, Outputs, ElementType.F32);
        using MatrixProducts products = new(pools.One, 1);
        products.Add(matrix, from, 0, to, 0, 2, Epilogue.Store);
        products.Run();
        Assert.All(ActivationRows.Get(to, 0), v => Assert.Equal((448f + (4 * 39)) * 448 * 0.5f, v));
        Assert.All(ActivationRows.Get(to, 1), v => Assert.True(float.IsNaN(v)));
    }

    [Fact]
    public void ZeroAndNaNWeightRowsGiveZeroAndNaN()
    {
        float[] w = ActivationRows.Random(3 * Columns, 3);
        Array.Clear(w, 0, Columns);
        w[Columns + 7] = float.NaN;
        float[] x = ActivationRows.Random(Columns, 4);
        foreach (ElementType type in new[] { ElementType.I8, ElementType.F8E4M3 })
        {
            using PackedWeights weights = PackedWeights.Pack(w, 3, Columns, type, InstructionSets.Best, pools.One);
            using Activation from = ActivationRows.Of(x, Columns, ElementType.F32);
            using Activation to = new(1, 3, ElementType.F32);
            using MatrixProducts products = new(pools.One, 1);
            products.Add(weights.Matrix, from, 0, to, 0, 1, Epilogue.Store);
            products.Run();
            float[] y = ActivationRows.Get(to, 0);
            Assert.Equal(0, y[0]);
            Assert.True(float.IsNaN(y[1]));
            Assert.True(float.IsFinite(y[2]));
        }
    }

    [Theory]
    [InlineData(ElementType.F32)]
    [InlineData(ElementType.F16)]
    [InlineData(ElementType.BF16)]
    public void IntegerRowsAreCopiedWithTheirScales(ElementType scaleType)
    {
        const int Count = 70;
        sbyte[] codes = new sbyte[Count * Columns];
        Random random = new(5);
        float[] scales = new float[Count];
        byte[] scaleBytes = new byte[Count * scaleType.Size()];
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] = (sbyte)random.Next(-127, 128);
        }

        for (int r = 0; r < Count; r++)
        {
            scales[r] = (r + 1) / 128f;
            byte[] bits = scaleType switch
            {
                ElementType.F32 => BitConverter.GetBytes(scales[r]),
                ElementType.F16 => BitConverter.GetBytes((Half)scales[r]),
                _ => BitConverter.GetBytes(Conversion.ToBf16(scales[r])),
            };
            bits.CopyTo(scaleBytes, r * bits.Length);
        }

        float[] x = ActivationRows.Random(Columns, 6);
        float[] expected = QuantizedReference.IntegerProducts(
            QuantizedReference.IntegerRows(x, 1, Columns), new QuantizedReference.Codes([.. codes.Select(c => (float)c)], scales, Columns));
        using Activation from = ActivationRows.Of(x, Columns, ElementType.F32);
        using Activation to = new(1, Count, ElementType.F32);
        fixed (sbyte* c = codes)
        fixed (byte* s = scaleBytes)
        {
            // Two ranges of rows, of which the second begins in the middle of the scales.
            SourceScales all = new((nint)s, scaleType.Size(), scaleType);
            SourceRows first = new((nint)c, Columns, 30, ElementType.I8) { Scales = all };
            SourceRows second = new((nint)c + (30 * Columns), Columns, Count - 30, ElementType.I8) { Scales = all.Skip(30) };
            using PackedWeights weights = PackedWeights.Pack([first, second], Count, Columns, ElementType.I8, InstructionSets.Best, pools.One);
            using MatrixProducts products = new(pools.One, 1);
            products.Add(weights.Matrix, from, 0, to, 0, 1, Epilogue.Store);
            products.Run();
            ActivationRows.AssertSameBits(expected, ActivationRows.Get(to, 0), $"{scaleType}");

            // Packed as float32, the same rows are codes times scales.
            using PackedWeights plain = PackedWeights.Pack([first, second], Count, Columns, ElementType.F32, InstructionSets.Best, pools.One);
            Assert.Equal(codes[(33 * Columns) + 9] * scales[33], plain[33, 9]);
        }
    }

    [Theory]
    [InlineData(ElementType.I8)]
    [InlineData(ElementType.F8E4M3)]
    public void EveryInstructionSetPacksTheSameBytes(ElementType type)
    {
        float[] w = ActivationRows.Random(130 * 301, 7);
        byte[]? expected = null;
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            using PackedWeights weights = PackedWeights.Pack(w, 130, 301, type, isa, pools.All[2]);
            byte[] bytes = new ReadOnlySpan<byte>(weights.Matrix.Block(0), (int)weights.Matrix.ByteLength).ToArray();
            expected ??= bytes;
            Assert.Equal(expected, bytes);
        }
    }

    [Theory]
    [InlineData(ElementType.I8)]
    [InlineData(ElementType.F8E4M3)]
    public void SeveralProductsShareAnInput(ElementType type)
    {
        float[] x = ActivationRows.Random(50 * Columns, 8, ElementType.BF16);
        using Activation from = ActivationRows.Of(x, Columns, ElementType.BF16);
        using PackedWeights a = PackedWeights.Pack(ActivationRows.Random(Outputs * Columns, 9), Outputs, Columns, type, InstructionSets.Best, pools.One);
        using PackedWeights b = PackedWeights.PackPair(ActivationRows.Random(64 * Columns, 10), ActivationRows.Random(64 * Columns, 11), 64, Columns, type, InstructionSets.Best, pools.One);
        foreach (WorkerPool pool in pools.All)
        {
            using Activation ya = new(50, Outputs, ElementType.F32), yb = new(50, 64, ElementType.F32);
            using Activation za = new(50, Outputs, ElementType.F32), zb = new(50, 64, ElementType.F32);
            using MatrixProducts products = new(pool, 4);
            products.Add(a.Matrix, from, 0, ya, 0, 50, Epilogue.Store);
            products.Add(b.Matrix, from, 0, yb, 0, 50, Epilogue.SwiGlu);
            products.Run();
            for (int row = 0; row < 50; row++)
            {
                products.Add(a.Matrix, from, row, za, row, 1, Epilogue.Store);
                products.Add(b.Matrix, from, row, zb, row, 1, Epilogue.SwiGlu);
                products.Run();
            }

            ActivationRows.AssertSameBits(ActivationRows.Get(ya, 0, 50), ActivationRows.Get(za, 0, 50), "stored");
            ActivationRows.AssertSameBits(ActivationRows.Get(yb, 0, 50), ActivationRows.Get(zb, 0, 50), "paired");
        }
    }

    [Fact]
    public void InvalidArgumentsAreRejected()
    {
        using NativeBuffer memory = new(PackedMatrix.SizeOf(16, 16, ElementType.F32));
        PanelKernels kernels = PanelKernels.For();
        PackedMatrix integers = new(16, 16, ElementType.I8, memory, 0, kernels);
        PackedMatrix floats = new(16, 16, ElementType.F8E4M3, memory, 0, kernels);
        using MatrixPacker packer = new();
        SourceScales scales = new(1, 4, ElementType.F32);
        Assert.Throws<ArgumentException>(() => packer.Add(integers, [new SourceRows(1, 16, 16, ElementType.I8)]));
        Assert.Throws<ArgumentException>(() => packer.Add(floats, [new SourceRows(1, 16, 16, ElementType.F8E4M3)]));
        Assert.Throws<ArgumentException>(() => packer.Add(floats, [new SourceRows(1, 16, 16, ElementType.F8E4M3) { Scales = scales with { Type = ElementType.I8 } }]));
        Assert.Throws<ArgumentException>(() => packer.Add(integers, [SourceRows.Zeros(16)], 1));
        Assert.Throws<ArgumentException>(() => packer.Add(floats, [SourceRows.Zeros(16)], -1));
        Assert.Throws<ArgumentException>(() => packer.Add(floats, [SourceRows.Zeros(16)], float.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => PackedMatrix.SizeOf(16, (1 << 16) + 1, ElementType.I8));
        using Activation narrow = new(1, 15, ElementType.F32);
        using Activation y = new(1, 16, ElementType.F32);
        using MatrixProducts products = new(pools.One, 1);
        Assert.Throws<ArgumentException>(() => products.Add(integers, narrow, 0, y, 0, 1, Epilogue.Store));
    }
}
