using HunyuanOrleans.Cuda.Packing;
using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Cuda.Tests.Products;

/// <summary>Multiplies activations with matrices on a device and compares results with sums in float64.</summary>
internal sealed class ProductRun(ProductDevice device)
{
    // What results are before the product, also after the last row, where nothing may be written.
    private const float Before = 3f;

    /// <summary>float32 or bf16 activations of tokens.</summary>
    public static float[] Activations(int tokens, int columns, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, tokens * columns).Select(_ => Bf16.Round((random.NextSingle() - 0.5f) * 2))];
    }

    /// <summary>Multiplies.</summary>
    /// <returns>The results as float32, [token][row].</returns>
    /// <exception cref="InvalidOperationException">Something was written where no result belongs.</exception>
    public float[] Multiply(
        DeviceMatrix matrix, ProductTokens tokens, float[] x, ElementType xType, ElementType yType, bool accumulate, ProductShape shape)
    {
        CudaMatrixLayout layout = matrix.Layout;
        int rows = x.Length / layout.Columns;
        DeviceRows input = device.Upload(x, layout.Columns, xType);
        int stride = layout.Outputs + 5;
        float[] before = new float[(rows + 1) * stride];
        Array.Fill(before, Before);
        DeviceRows output = device.Upload(before, stride, yType);
        device.Launcher.Launch(matrix, tokens, input, output, accumulate, shape, device.Stream);
        float[] all = Download(output, rows + 1);
        int outputColumns = output.Stride / yType.Size();
        float[] results = new float[rows * layout.Outputs];
        for (int i = 0; i < all.Length; i++)
        {
            int token = i / outputColumns;
            int row = i % outputColumns;
            if (token < rows && row < layout.Outputs)
            {
                results[(token * layout.Outputs) + row] = all[i];
            }
            else if (all[i] != (row < stride ? Before : 0))
            {
                throw new InvalidOperationException($"Something was written at token {token}, row {row}.");
            }
        }

        return results;
    }

    /// <summary>Checks results of tokens that belong to one matrix.</summary>
    /// <exception cref="InvalidOperationException">A result is too far from the sum in float64.</exception>
    public static void Check(ProductMatrix matrix, ReadOnlySpan<float> x, ReadOnlySpan<float> results, ElementType yType, bool accumulate)
    {
        CudaMatrixLayout layout = matrix.Layout;
        int tokens = x.Length / layout.Columns;
        double rounding = yType == ElementType.BF16 ? 1.0 / 256 : 1.0 / (1 << 23);
        for (int token = 0; token < tokens; token++)
        {
            ReadOnlySpan<float> row = x.Slice(token * layout.Columns, layout.Columns);
            for (int output = 0; output < layout.Outputs; output++)
            {
                (double expected, double error) = Sum(matrix, row, output);
                if (layout.IsPaired)
                {
                    (double up, double upError) = Sum(matrix, row, output + layout.Outputs);
                    double silu = expected / (1 + Math.Exp(-expected));
                    error = (error * 1.1 * Math.Abs(up)) + (upError * Math.Abs(silu)) + (Math.Abs(silu * up) / (1 << 20));
                    expected = silu * up;
                }

                expected += accumulate ? Before : 0;
                double actual = results[(token * layout.Outputs) + output];
                double tolerance = error + ((Math.Abs(expected) + error) * rounding);
                if (!(Math.Abs(actual - expected) <= tolerance))
                {
                    throw new InvalidOperationException($"Token {token}, row {output}: {actual} instead of {expected}, tolerance {tolerance}.");
                }
            }
        }
    }

    private static (double Sum, double Error) Sum(ProductMatrix matrix, ReadOnlySpan<float> x, int row)
    {
        double sum = 0;
        double magnitude = 0;
        for (int k = 0; k < x.Length; k++)
        {
            double product = matrix.Values[(row * x.Length) + k] * x[k];
            sum += product;
            magnitude += Math.Abs(product);
        }

        return (sum, magnitude * (x.Length + 8) / (1 << 24));
    }

    private float[] Download(in DeviceRows rows, int count) => rows.Type == ElementType.F32
        ? device.Download<float>(rows.Address, count * rows.Stride / sizeof(float))
        : [.. device.Download<ushort>(rows.Address, count * rows.Stride / sizeof(ushort)).Select(Bf16.ToSingle)];
}
