using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Gradients;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Tests.Quantized;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Gradients;

/// <summary>dx = dy . w over quantised weights against sums of code times scale in float64, and the same bits with any number of threads.</summary>
public sealed class TransposedProductsTests(WorkerPools pools) : IClassFixture<WorkerPools>
{
    private const int Tokens = 37;

    public static TheoryData<ElementType, int, int> Shapes
    {
        get
        {
            TheoryData<ElementType, int, int> data = [];
            foreach (ElementType type in Enum.GetValues<ElementType>().Where(static type => type.IsQuantized()))
            {
                data.Add(type, 1, 1);
                data.Add(type, 17, 33);
                data.Add(type, 130, 300);
            }

            // Sums in two parts.
            foreach (ElementType type in (ElementType[])[ElementType.I8, ElementType.I4, ElementType.U4])
            {
                data.Add(type, 600, 8200);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Products_are_those_of_codes_times_scales(ElementType type, int rows, int columns)
    {
        float[] dy = ActivationRows.Random(Tokens * rows, rows), before = ActivationRows.Random(Tokens * columns, 5);
        foreach (InstructionSet isa in FloatKernels.Sets)
        {
            (PackedWeights weights, Func<int, int, double> value) = Weights(type, rows, columns, isa);
            using (weights)
            {
                foreach (ComputeMode mode in (ComputeMode[])[ComputeMode.F32, ComputeMode.Bf16])
                {
                    float[][] first = Run(weights, isa, mode, dy, before, pools.All[0]);
                    AssertClose(first, mode, dy, before, rows, columns, value);
                    foreach (WorkerPool pool in pools.All.Skip(1))
                    {
                        Assert.Equal(first, Run(weights, isa, mode, dy, before, pool));
                    }
                }
            }
        }
    }

    [Fact]
    public void Scratch_memory_is_bounded()
    {
        const int Rows = 9000, Columns = 1024, Values = 4 << 20;
        (PackedWeights weights, _) = Weights(ElementType.I8, Rows, Columns, InstructionSets.Best);
        using PackedWeights owned = weights;
        using TransposedProducts products = new(pools.One, PanelKernels.For(), ComputeMode.Bf16);
        using Activation dy = new(2, Rows, ElementType.F32), dx = new(2, Columns, ElementType.F32);
        products.Run(weights.Matrix, dy, 0, dx, 0, 2, accumulate: false);
        Assert.InRange(products.ScratchBytes, Values * 2L * 2, Values * 2L * 2 * 5 / 4);
    }

    [Fact]
    public void Wrong_shapes_are_refused()
    {
        (PackedWeights weights, _) = Weights(ElementType.I8, 20, 10, InstructionSets.Best);
        using PackedWeights owned = weights;
        using TransposedProducts products = new(pools.One, PanelKernels.For(), ComputeMode.F32);
        using Activation dy = new(2, 20, ElementType.F32), dx = new(2, 10, ElementType.F32), half = new(2, 20, ElementType.BF16);
        Assert.Throws<ArgumentException>(() => products.Run(weights.Matrix, dx, 0, dy, 0, 2, accumulate: false));
        Assert.Throws<ArgumentException>(() => products.Run(weights.Matrix, half, 0, dx, 0, 2, accumulate: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => products.Run(weights.Matrix, dy, 1, dx, 0, 2, accumulate: false));
    }

    private static float[][] Run(PackedWeights weights, InstructionSet isa, ComputeMode mode, float[] dy, float[] before, WorkerPool pool)
    {
        using TransposedProducts products = new(pool, PanelKernels.For(isa), mode);
        using Activation from = ActivationRows.Of(dy, weights.Matrix.Rows, ElementType.F32);
        int columns = weights.Matrix.Columns;
        using Activation stored = new(Tokens + 1, columns, ElementType.F32), added = ActivationRows.Of(before, columns, ElementType.F32);
        products.Run(weights.Matrix, from, 0, stored, 1, Tokens, accumulate: false);
        products.Run(weights.Matrix, from, 0, added, 0, Tokens, accumulate: true);
        return
        [
            .. Enumerable.Range(1, Tokens).Select(row => stored.Row(row).ToArray()),
            .. Enumerable.Range(0, Tokens).Select(row => added.Row(row).ToArray()),
        ];
    }

    private static void AssertClose(float[][] actual, ComputeMode mode, float[] dy, float[] before, int rows, int columns, Func<int, int, double> value)
    {
        float Round(double x) => mode == ComputeMode.F32 ? (float)x : Conversion.ToSingle(Conversion.ToBf16((float)x));
        foreach (int token in (int[])[0, Tokens - 1])
        {
            for (int column = 0; column < columns; column += 1 + (columns / 50))
            {
                double sum = 0, size = 0;
                for (int row = 0; row < rows; row++)
                {
                    double term = (double)Round(dy[(token * rows) + row]) * Round(value(row, column));
                    sum += term;
                    size += Math.Abs(term);
                }

                double wanted = sum + before[(token * columns) + column], tolerance = 2e-6 * (size + 1);
                Assert.InRange(actual[token][column], sum - tolerance, sum + tolerance);
                Assert.InRange(actual[Tokens + token][column], wanted - tolerance, wanted + tolerance);
            }
        }
    }

    // The matrix, and what its elements stand for by the definition of the form.
    private (PackedWeights Weights, Func<int, int, double> Value) Weights(ElementType type, int rows, int columns, InstructionSet isa)
    {
        if (type is ElementType.U4 or ElementType.U8 or ElementType.F8E4M3Block)
        {
            ProvidedWeights provided = new(rows, columns, type, rows + columns);
            return (provided.Pack(isa, pools.One), type == ElementType.F8E4M3Block
                ? (row, column) => (float)(QuantizedReference.E4M3Value(provided.Code(row, column)) * provided.Scale(row, column))
                : (row, column) => provided.Scale(row, column) * (provided.Code(row, column) - provided.ZeroPoint(row, column)));
        }

        float[] values = ActivationRows.Random(rows * columns, 3, ElementType.F32, scale: 1);
        PackedWeights packed = PackedWeights.Pack(values, rows, columns, type, isa, pools.One);
        if (type == ElementType.I4)
        {
            return (packed, (row, column) => Int4Reader.Code(packed.Matrix, row, column) * (float)Int4Reader.Scale(packed.Matrix, row, column));
        }

        QuantizedReference.Codes codes = type == ElementType.I8
            ? QuantizedReference.IntegerWeights(values, rows, columns)
            : QuantizedReference.FloatRows(values, rows, columns);
        return (packed, (row, column) => codes.Values[(row * columns) + column] * codes.Scales[row]);
    }
}
