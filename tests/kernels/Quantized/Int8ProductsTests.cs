using HunyuanOrleans.Kernels.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Quantized;

/// <summary>Products of bytes have the bits of an exact reference for any instruction set, threads, tokens and tiles.</summary>
public sealed class Int8ProductsTests(WorkerPools pools) : IClassFixture<WorkerPools>
{
    public static TheoryData<int, int, ElementType> Shapes =>
        TokenCountSweep.Shapes(rows: [1, 16, 17, 64, 80, 130], columns: [1, 3, 16, 33, 257], moreThanAChunk: 4613);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EveryTokenCountIsExact(int rows, int columns, ElementType input) =>
        TokenCountSweep.AssertExact(pools, rows, columns, input, ElementType.I8, (x, tokens, _, w) => QuantizedReference.IntegerProducts(
            QuantizedReference.IntegerRows(x, tokens, columns), QuantizedReference.IntegerWeights(w, rows, columns)));
}
