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

/// <summary>
/// Products of 8-bit floats have the bits of a reference for any threads, tokens and tiles. The reference is a chain of exact products if the
/// order of operations is defined, and otherwise the bfloat16 kernels over the same values.
/// </summary>
public sealed unsafe class E4M3ProductsTests(WorkerPools pools) : IClassFixture<WorkerPools>
{
    private const int MaxTokens = 130;

    public static TheoryData<int, int, ElementType, float> Shapes
    {
        get
        {
            TheoryData<int, int, ElementType, float> data = [];
            foreach (int rows in new[] { 1, 16, 17, 64, 80, 130 })
            {
                foreach (int columns in new[] { 1, 3, 16, 33, 257 })
                {
                    data.Add(rows, columns, ElementType.BF16, rows % 2 == 0 ? 0 : 0.0123f);
                }
            }

            // More columns than fit a chunk.
            data.Add(70, 2613, ElementType.F32, 0.003f);
            data.Add(70, 2613, ElementType.F32, 0);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EveryTokenCountIsExact(int rows, int columns, ElementType input, float inputScale)
    {
        byte[] codes = new byte[rows * columns];
        float[] scales = new float[rows];
        Random random = new(rows + columns);
        random.NextBytes(codes);
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] = (codes[i] & 0x7F) == 0x7F ? (byte)0x33 : codes[i];
        }

        for (int r = 0; r < rows; r++)
        {
            scales[r] = 0.001f + random.NextSingle();
        }

        float[] x = ActivationRows.Random(MaxTokens * columns, rows + columns, input, scale: 4);
        Array.Clear(x, 0, columns);
        QuantizedReference.Codes rounded = QuantizedReference.FloatRows(x, MaxTokens, columns, inputScale);
        QuantizedReference.Codes weightValues = new([.. codes.Select(c => (float)QuantizedReference.E4M3Value(c))], scales, columns);
        using Activation from = ActivationRows.Of(x, columns, input);
        using Activation to = new(MaxTokens, rows, ElementType.F32);
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            using NativeBuffer memory = new(PackedMatrix.SizeOf(rows, columns, ElementType.F8E4M3));
            PackedMatrix matrix = new(rows, columns, ElementType.F8E4M3, memory, 0, PanelKernels.For(isa));
            Pack(matrix, codes, scales, inputScale, isa);
            float[] expected = Sums(rounded, weightValues, isa);
            Scale(expected, rounded, weightValues);
            foreach (WorkerPool pool in pools.All)
            {
                using MatrixProducts products = new(pool, 1);
                for (int tokens = 1; tokens <= MaxTokens; tokens += tokens < 20 ? 1 : 11)
                {
                    int first = tokens * 31 % (MaxTokens - tokens + 1);
                    products.Add(matrix, from, first, to, 0, tokens, Epilogue.Store);
                    products.Run();
                    ActivationRows.AssertSameBits(expected.AsSpan(first * rows, tokens * rows), ActivationRows.Get(to, 0, tokens), $"{isa}, {tokens} tokens, {pool.Threads} threads");
                }
            }
        }

        ActivationRows.AssertPaddingIsZero(to);
    }

    [Fact]
    public void NaNCodesGiveNaN()
    {
        byte[] codes = [.. Enumerable.Repeat((byte)0x38, 40 * 16)];
        codes[(7 * 40) + 21] = 0x7F;
        codes[(9 * 40) + 3] = 0xFF;
        float[] scales = [.. Enumerable.Repeat(1f, 16)];
        float[] ones = [.. Enumerable.Repeat(1f, 40 * 20)];
        using Activation x = ActivationRows.Of(ones, 40, ElementType.F32);
        using Activation y = new(20, 16, ElementType.F32);
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            using NativeBuffer memory = new(PackedMatrix.SizeOf(16, 40, ElementType.F8E4M3));
            PackedMatrix matrix = new(16, 40, ElementType.F8E4M3, memory, 0, PanelKernels.For(isa));
            Pack(matrix, codes, scales, 1, isa);
            using MatrixProducts products = new(pools.One, 1);
            foreach (int tokens in new[] { 1, 20 })
            {
                products.Add(matrix, x, 0, y, 0, tokens, Epilogue.Store);
                products.Run();
                float[] row = ActivationRows.Get(y, tokens - 1);
                for (int r = 0; r < 16; r++)
                {
                    Assert.Equal(r is 7 or 9 ? float.NaN : 40f, row[r]);
                }
            }
        }
    }

    /// <summary>Sums of exact products: by the bfloat16 kernels for vdpbf16ps, which has its own order of operations, otherwise in one chain.</summary>
    private float[] Sums(QuantizedReference.Codes x, QuantizedReference.Codes w, InstructionSet isa)
    {
        int tokens = x.Scales.Length;
        int rows = w.Scales.Length;
        float[] y = new float[tokens * rows];
        if (KernelVariants.RoundsDifferently(isa, ElementType.BF16))
        {
            using PackedWeights weights = PackedWeights.Pack(w.Values, rows, x.Columns, ElementType.BF16, isa, pools.One);
            using Activation from = ActivationRows.Of(x.Values, x.Columns, ElementType.BF16);
            using Activation to = new(tokens, rows, ElementType.F32);
            using MatrixProducts products = new(pools.One, 1);
            products.Add(weights.Matrix, from, 0, to, 0, tokens, Epilogue.Store);
            products.Run();
            return ActivationRows.Get(to, 0, tokens);
        }

        for (int i = 0; i < y.Length; i++)
        {
            for (int k = 0; k < x.Columns; k++)
            {
                y[i] = MathF.FusedMultiplyAdd(x.Values[(i / rows * x.Columns) + k], w.Values[(i % rows * x.Columns) + k], y[i]);
            }
        }

        return y;
    }

    private static void Scale(float[] sums, QuantizedReference.Codes x, QuantizedReference.Codes w)
    {
        int rows = w.Scales.Length;
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] *= x.Scales[i / rows] * w.Scales[i % rows];
        }
    }

    private void Pack(PackedMatrix matrix, byte[] codes, float[] scales, float inputScale, InstructionSet isa)
    {
        fixed (byte* c = codes)
        fixed (float* s = scales)
        {
            using MatrixPacker packer = new(isa);
            SourceRows rows = new((nint)c, matrix.Columns, matrix.Rows, ElementType.F8E4M3) { Scales = new SourceScales((nint)s, sizeof(float), ElementType.F32) };
            packer.Pack(pools.One, matrix, [rows], inputScale);
        }
    }
}
