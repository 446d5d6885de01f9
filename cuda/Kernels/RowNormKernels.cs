using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>The kernel that normalises rows.</summary>
internal static class RowNormKernels
{
    /// <summary>Shared memory of a block: a float32 for each warp.</summary>
    public const int SharedBytes = Threads / 32 * 4;

    private const int Threads = 256;

    /// <summary>
    /// y[row] = w * x[row] / sqrt(mean(x[row]²) + eps). One block for each row. The squares of a thread's columns are added in four chains, then the sums
    /// of all threads in a fixed tree.
    /// </summary>
    /// <param name="x">float32 rows.</param>
    /// <param name="xStride">Bytes from row to row of x.</param>
    /// <param name="weight">float32 [columns]; zeros follow up to a multiple of 16 bytes.</param>
    /// <param name="eps">Added to the mean of the squares.</param>
    /// <param name="columns">Columns of a row.</param>
    /// <param name="y">Rows for the result; may be x if it is float32.</param>
    /// <param name="yStride">Bytes from row to row of y.</param>
    /// <param name="bf16">1 if y is bf16, 0 if it is float32.</param>
    /// <param name="copy">float32 rows for the values of y after rounding; 0 for none.</param>
    /// <param name="copyStride">Bytes from row to row of the copy.</param>
    [Kernel(threads: Threads)]
    public static void NormRows(
        ulong x, int xStride, ulong weight, float eps, int columns, ulong y, int yStride, int bf16, ulong copy, int copyStride)
    {
        int row = Ptx.BlockX();
        x = RowElements.Row(x, xStride, row);
        y = RowElements.Row(y, yStride, row);
        float a = 0, b = 0, c = 0, d = 0;
        for (int quad = Ptx.Thread(); quad * 4 < columns; quad += Threads)
        {
            Float4 value = RowElements.LoadQuad(x, 0, quad);
            a = Ptx.MultiplyAdd(value.A, value.A, a);
            b = Ptx.MultiplyAdd(value.B, value.B, b);
            c = Ptx.MultiplyAdd(value.C, value.C, c);
            d = Ptx.MultiplyAdd(value.D, value.D, d);
        }

        float sum = BlockSum.OfBlock(Ptx.Add(Ptx.Add(a, b), Ptx.Add(c, d)), Threads / 32, Ptx.Shared());
        float mean = Ptx.Divide(sum, Ptx.ToFloat(columns));
        float scale = Ptx.Divide(1, Ptx.Sqrt(Ptx.Add(mean, eps)));
        ulong copied = copy == 0 ? 0 : RowElements.Row(copy, copyStride, row);

        // Weights come from far memory. Four are loaded before the first store, which later loads would have to wait for.
        for (int quad = Ptx.Thread(); quad * 4 < columns; quad += 4 * Threads)
        {
            Float4 factor0 = LoadInside(weight, quad, columns);
            Float4 factor1 = LoadInside(weight, quad + Threads, columns);
            Float4 factor2 = LoadInside(weight, quad + (2 * Threads), columns);
            Float4 factor3 = LoadInside(weight, quad + (3 * Threads), columns);
            Float4 value0 = LoadInside(x, quad, columns);
            Float4 value1 = LoadInside(x, quad + Threads, columns);
            Float4 value2 = LoadInside(x, quad + (2 * Threads), columns);
            Float4 value3 = LoadInside(x, quad + (3 * Threads), columns);
            StoreScaled(y, bf16, copied, quad, columns, value0, scale, factor0);
            StoreScaled(y, bf16, copied, quad + Threads, columns, value1, scale, factor1);
            StoreScaled(y, bf16, copied, quad + (2 * Threads), columns, value2, scale, factor2);
            StoreScaled(y, bf16, copied, quad + (3 * Threads), columns, value3, scale, factor3);
        }
    }

    private static Float4 LoadInside(ulong row, int quad, int columns) => quad * 4 < columns ? RowElements.LoadQuad(row, 0, quad) : default;

    private static void StoreScaled(ulong y, int bf16, ulong copy, int quad, int columns, Float4 value, float scale, Float4 factor)
    {
        if (quad * 4 < columns)
        {
            value.A = Ptx.Multiply(Ptx.Multiply(value.A, scale), factor.A);
            value.B = Ptx.Multiply(Ptx.Multiply(value.B, scale), factor.B);
            value.C = Ptx.Multiply(Ptx.Multiply(value.C, scale), factor.C);
            value.D = Ptx.Multiply(Ptx.Multiply(value.D, scale), factor.D);
            Float4 stored = RowElements.StoreQuad(y, bf16, quad, columns, value);
            if (copy != 0)
            {
                RowElements.StoreQuad(copy, 0, quad, columns, stored);
            }
        }
    }
}
