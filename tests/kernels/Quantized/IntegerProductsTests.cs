using HunyuanOrleans.Kernels.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Quantized;

/// <summary>Products of bytes against an exact reference: bit for bit, whatever the instructions, threads, tokens and tiles.</summary>
public sealed class IntegerProductsTests(Pools pools) : IClassFixture<Pools>
{
    public static TheoryData<int, int, ElementType> Shapes =>
        EveryTokenCount.Shapes(rows: [1, 16, 17, 64, 80, 130], columns: [1, 3, 16, 33, 257], moreThanAChunk: 4613);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EveryTokenCountIsExact(int rows, int columns, ElementType input) =>
        EveryTokenCount.IsExact(pools, rows, columns, input, ElementType.I8, (x, tokens, _, w) => QuantizedReference.IntegerProducts(
            QuantizedReference.IntegerRows(x, tokens, columns), QuantizedReference.IntegerWeights(w, rows, columns)));
}
