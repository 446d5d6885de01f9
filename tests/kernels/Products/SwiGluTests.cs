using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.Kernels.Threading;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Products;

/// <summary>silu(gate) * up against float64, including widths that need zero rows.</summary>
public sealed class SwiGluTests(WorkerPools pools) : IClassFixture<WorkerPools>
{
    // The largest slope of silu, at about 2.4.
    private const double Slope = 1.0999;

    // One exponential of 2 ulp, a division, an addition, a multiplication.
    private const double Elementwise = 8 * Rounding.Single;

    public static TheoryData<ElementType, ElementType, int, int, int> Shapes
    {
        get
        {
            TheoryData<ElementType, ElementType, int, int, int> data = [];
            foreach (ElementType type in KernelVariants.Types)
            {
                foreach (ElementType stored in KernelVariants.Types)
                {
                    data.Add(type, stored, 1, 3, 2);
                    data.Add(type, stored, 64, 20, 1);
                    data.Add(type, stored, 80, 33, 9);
                    data.Add(type, stored, 96, 64, 70);
                    data.Add(type, stored, 135, 17, 300);
                    data.Add(type, stored, 700, 9, 5);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void MatchesFloat64(ElementType type, ElementType stored, int width, int columns, int tokens)
    {
        float[] gate = ActivationRows.Random(width * columns, 1, type, scale: 3);
        float[] up = ActivationRows.Random(width * columns, 2, type);
        float[] x = ActivationRows.Random(tokens * columns, 3, type, scale: 8);
        ProductReference gates = new(x, gate, width, columns);
        ProductReference ups = new(x, up, width, columns);
        using Activation input = ActivationRows.Of(x, columns, type);
        float[]? portable = null;
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            using PackedWeights weights = PackedWeights.PackPair(gate, up, width, columns, type, isa, pools.One);
            float[]? first = null;
            foreach (WorkerPool pool in pools.All)
            {
                using Activation output = new(tokens, width, stored);
                ActivationRows.Fill(output, float.NaN);
                using MatrixProducts products = new(pool, 1);
                products.Add(weights.Matrix, input, 0, output, 0, tokens, Epilogue.SwiGlu);
                products.Run();
                float[] actual = ActivationRows.Get(output, 0, tokens);
                first ??= actual;
                ActivationRows.AssertSameBits(first, actual, $"{isa}, {pool.Threads} threads");
                ActivationRows.AssertPaddingIsZero(output);
            }

            if (!KernelVariants.RoundsDifferently(isa, type))
            {
                portable ??= first!;
                ActivationRows.AssertSameBits(portable, first!, $"{isa}");
            }

            for (int i = 0; i < first!.Length; i++)
            {
                Check(gates, ups, i / width, i % width, first[i], stored, isa);
            }
        }
    }

    [Fact]
    public void GatesFarFromZeroMatchFloat64()
    {
        float[] gate = [-1e30f, -1000f, -104f, -88f, -87f, -50f, 50f, 87f, 88f, 1000f, 1e30f, -0f, 0f, 1e-30f, -1e-30f];
        float[] up = [.. gate.Select(_ => 2f)];
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            using PackedWeights weights = PackedWeights.PackPair(gate, up, gate.Length, 1, ElementType.F32, isa, pools.One);
            using Activation input = ActivationRows.Of([1f], 1, ElementType.F32);
            using Activation output = new(1, gate.Length, ElementType.F32);
            using MatrixProducts products = new(pools.One, 1);
            products.Add(weights.Matrix, input, 0, output, 0, 1, Epilogue.SwiGlu);
            products.Run();
            for (int i = 0; i < gate.Length; i++)
            {
                double exact = gate[i] / (1 + Math.Exp(-(double)gate[i])) * 2;

                // The exponential is clamped to e^87, which leaves an error of about 2e-38 times the gate.
                double bound = (Math.Abs(exact) * Elementwise) + (2 * Math.Abs((double)gate[i]) * 1.7e-38);
                Assert.True(Math.Abs(exact - output.Row(0)[i]) <= bound, $"silu({gate[i]}) * 2 is {output.Row(0)[i]}, expected {exact}.");
            }
        }
    }

    private static void Check(ProductReference gates, ProductReference ups, int token, int row, float actual, ElementType stored, InstructionSet isa)
    {
        double g = gates.Sum(token, row);
        double u = ups.Sum(token, row);
        double silu = g / (1 + Math.Exp(-g));
        double siluBound = (Slope * gates.Bound(token, row)) + (Math.Abs(silu) * Elementwise);
        double bound = (siluBound * (Math.Abs(u) + ups.Bound(token, row))) + (Math.Abs(silu) * ups.Bound(token, row)) + Rounding.Flush;
        bound += (Math.Abs(silu * u) + bound) * (Rounding.Single + Rounding.OfStore(stored));
        Assert.True(Math.Abs((silu * u) - actual) <= bound, $"{isa}, token {token}, row {row}: {actual:R}, expected {silu * u:R} within {bound:R}.");
    }
}
