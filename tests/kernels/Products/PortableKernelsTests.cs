using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Kernels.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Products;

/// <summary>Where no code can be generated, kernels of every vector width compute the bits of those with 128 bits.</summary>
public sealed class PortableKernelsTests(WorkerPools pools) : IClassFixture<WorkerPools>
{
    private const int Rows = 100, Columns = 1_301;

    [SkippableTheory]
    [InlineData(InstructionSet.Avx2)]
    [InlineData(InstructionSet.Avx512)]
    public void Every_width_gives_the_same_bits(InstructionSet isa)
    {
        Skip.IfNot(InstructionSets.Available.Contains(isa), $"This machine cannot run {isa}.");
        foreach (ElementType type in (ElementType[])[ElementType.F32, ElementType.BF16, ElementType.I8, ElementType.F8E4M3, ElementType.I4])
        {
            float[] w = ActivationRows.Random(Rows * Columns, 1);
            using PackedWeights narrow = PackedWeights.Pack(w, Rows, Columns, type, InstructionSet.Portable, pools.One);
            using PackedWeights wide = PackedWeights.Pack(w, Rows, Columns, type, isa, pools.One, generate: false);
            Assert.False(wide.Matrix.Kernels.Code.Generates);
            ElementType inputs = type == ElementType.F32 ? ElementType.F32 : ElementType.BF16;
            foreach (int tokens in (int[])[1, 3, 4, 7, 12, 13, 40])
            {
                using Activation x = ActivationRows.Of(ActivationRows.Random(tokens * Columns, tokens, inputs), Columns, inputs);
                ActivationRows.AssertSameBits(Run(narrow, x, tokens), Run(wide, x, tokens), $"{isa}, {type}, {tokens} tokens");
            }
        }
    }

    private float[] Run(PackedWeights weights, Activation x, int tokens)
    {
        using Activation y = new(tokens, Rows, ElementType.F32);
        using MatrixProducts products = new(pools.One, 1);
        products.Add(weights.Matrix, x, 0, y, 0, tokens, Epilogue.Store);
        products.Run();
        return ActivationRows.Get(y, 0, tokens);
    }
}
