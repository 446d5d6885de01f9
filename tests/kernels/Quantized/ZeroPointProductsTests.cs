using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.Kernels.Threading;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Quantized;

/// <summary>Products of weights with zero points and of 8-bit floats with block scales have the bits of a reference for any instruction set, threads and tokens.</summary>
public sealed class ZeroPointProductsTests(WorkerPools pools) : IClassFixture<WorkerPools>
{
    private const int MaxTokens = 130;

    public static TheoryData<ElementType, int, int> Shapes
    {
        get
        {
            TheoryData<ElementType, int, int> data = [];
            foreach (ElementType type in new[] { ElementType.U4, ElementType.U8, ElementType.F8E4M3Block })
            {
                foreach (int rows in new[] { 1, 48, 130 })
                {
                    foreach (int columns in new[] { 1, 33, 128, 300 })
                    {
                        data.Add(type, rows, columns);
                    }
                }

                data.Add(type, 70, 4200);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EveryTokenCountIsExact(ElementType type, int rows, int columns)
    {
        ProvidedWeights w = new(rows, columns, type, rows + columns);
        w.SetZeroPoint(0, (byte)(type == ElementType.U4 ? 8 : 136));
        float[] x = ActivationRows.Random(MaxTokens * columns, rows + columns, ElementType.BF16, scale: 4);
        Array.Clear(x, 0, columns);
        using Activation from = ActivationRows.Of(x, columns, ElementType.BF16);
        using Activation to = new(MaxTokens, rows, ElementType.F32);
        bool floats = type == ElementType.F8E4M3Block;
        QuantizedReference.Codes codes = floats ? QuantizedReference.FloatRows(x, MaxTokens, columns) : QuantizedReference.IntegerRows(x, MaxTokens, columns);
        double[] exact = Exact(codes, w, columns, floats, out double[] sizes);
        float[]? first = null;
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            foreach (bool generate in new[] { true, false })
            {
                using PackedWeights weights = w.Pack(isa, pools.One, generate);
                foreach (WorkerPool pool in pools.All)
                {
                    using MatrixProducts products = new(pool, 1);
                    for (int tokens = 1; tokens <= MaxTokens; tokens += tokens < 14 ? 1 : 29)
                    {
                        int start = tokens * 31 % (MaxTokens - tokens + 1);
                        products.Add(weights.Matrix, from, start, to, 0, tokens, Epilogue.Store);
                        products.Run();
                        float[] y = ActivationRows.Get(to, 0, tokens);
                        first ??= Whole(products, weights, from, to, rows);

                        // 8-bit floats add products in float32, and instruction sets round them differently.
                        bool same = !floats || isa != InstructionSet.Avx512Bf16;
                        for (int i = 0; i < y.Length; i++)
                        {
                            int at = (start * rows) + i;
                            Assert.InRange(y[i], exact[at] - (sizes[at] * 1e-6), exact[at] + (sizes[at] * 1e-6));
                            Assert.True(!same || floats || y[i].Equals(first[at]), $"{isa}, generated {generate}, {tokens} tokens: element {i} is {y[i]}, not {first[at]}.");
                        }
                    }
                }

                using MatrixProducts again = new(pools.One, 1);
                float[] whole = Whole(again, weights, from, to, rows);
                for (int token = 0; token < MaxTokens; token += 13)
                {
                    again.Add(weights.Matrix, from, token, to, 0, 1, Epilogue.Store);
                    again.Run();
                    ActivationRows.AssertSameBits(whole.AsSpan(token * rows, rows), ActivationRows.Get(to, 0, 1), $"{isa}, token {token}");
                }
            }
        }
    }

    [Fact]
    public void AScaleThatIsTooLargeIsRejected()
    {
        foreach (ElementType type in new[] { ElementType.U4, ElementType.U8 })
        {
            HugeScale w = new(type);
            Assert.Throws<InvalidDataException>(() => PackedWeights.Pack(
                [new SourceRows(1, 32, 1, type) { Provider = w }], 1, 32, type, InstructionSets.Best, pools.One));
        }
    }

    [Fact]
    public void NaNInAGroupOfFloatsGivesNaN()
    {
        NaNRow w = new();
        using Activation from = ActivationRows.Of(ActivationRows.Random(256, 3), 256, ElementType.F32);
        using Activation to = new(1, 2, ElementType.F32);
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            using PackedWeights weights = PackedWeights.Pack(
                [new SourceRows(1, 256, 2, ElementType.F8E4M3Block) { Provider = w }], 2, 256, ElementType.F8E4M3Block, isa, pools.One);
            using MatrixProducts products = new(pools.One, 1);
            products.Add(weights.Matrix, from, 0, to, 0, 1, Epilogue.Store);
            products.Run();
            float[] y = ActivationRows.Get(to, 0);
            Assert.False(float.IsNaN(y[0]));
            Assert.True(float.IsNaN(y[1]));
        }
    }

    private static float[] Whole(MatrixProducts products, PackedWeights weights, Activation from, Activation to, int rows)
    {
        products.Add(weights.Matrix, from, 0, to, 0, MaxTokens, Epilogue.Store);
        products.Run();
        return ActivationRows.Get(to, 0, MaxTokens)[..(MaxTokens * rows)];
    }

    // The products in float64, and for each the sum of the magnitudes that float32 sums round: codes count without their zero points there.
    private static double[] Exact(QuantizedReference.Codes x, ProvidedWeights w, int columns, bool floats, out double[] sizes)
    {
        double[] y = new double[MaxTokens * w.Rows];
        sizes = new double[y.Length];
        for (int row = 0; row < w.Rows; row++)
        {
            double[] values = [.. Enumerable.Range(0, columns).Select(c => floats
                ? QuantizedReference.E4M3Value(w.Code(row, c)) * w.Scale(row, c)
                : (w.Code(row, c) - w.ZeroPoint(row, c)) * (double)w.Scale(row, c))];
            double[] magnitudes = [.. Enumerable.Range(0, columns).Select(c => floats ? Math.Abs(values[c]) : 512 * Math.Abs(w.Scale(row, c)))];
            for (int token = 0; token < MaxTokens; token++)
            {
                double sum = 0, size = 0;
                for (int column = 0; column < columns; column++)
                {
                    double value = x.Values[(token * columns) + column];
                    sum += value * values[column];
                    size += Math.Abs(value) * magnitudes[column];
                }

                y[(token * w.Rows) + row] = sum * x.Scales[token];
                sizes[(token * w.Rows) + row] = (size * x.Scales[token]) + 1e-30;
            }
        }

        return y;
    }

    private sealed class HugeScale(ElementType type) : IRowProvider
    {
        public int ScalesPerRow => 1;

        public (nint Address, long Bytes) Extent => (1, 0);

        public void Read(int first, int count, Span<byte> codes, Span<float> scales, Span<byte> zeroPoints) =>
            scales.Fill(type == ElementType.U4 ? 70_000 : 5_000);
    }

    private sealed class NaNRow : IRowProvider
    {
        public int ScalesPerRow => 2;

        public (nint Address, long Bytes) Extent => (1, 0);

        public void Read(int first, int count, Span<byte> codes, Span<float> scales, Span<byte> zeroPoints)
        {
            codes.Fill(0x38);
            codes[(256 * (count - 1)) + 200] = 0xFF;
            scales.Fill(0.5f);
        }
    }
}
