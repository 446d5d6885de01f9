using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.Kernels.Threading;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Quantized;

/// <summary>Products of bytes against an exact reference: bit for bit, whatever the instructions, threads, tokens and tiles.</summary>
public sealed class IntegerProductsTests(Pools pools) : IClassFixture<Pools>
{
    public static TheoryData<int, int, ElementType> Shapes
    {
        get
        {
            TheoryData<int, int, ElementType> data = [];
            foreach (int rows in new[] { 1, 16, 17, 64, 80, 130 })
            {
                foreach (int columns in new[] { 1, 3, 16, 33, 257 })
                {
                    data.Add(rows, columns, ElementType.BF16);
                }
            }

            // More columns than a chunk holds.
            data.Add(70, 4613, ElementType.F32);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EveryTokenCountIsExact(int rows, int columns, ElementType input) =>
        EveryTokenCount.IsExact(pools, rows, columns, input, ElementType.I8, (x, tokens, _, w) => QuantizedReference.IntegerProducts(
            QuantizedReference.IntegerRows(x, tokens, columns), QuantizedReference.IntegerWeights(w, rows, columns)));
}
