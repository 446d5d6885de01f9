using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HunyuanOrleans.Kernels.Gradients;

/// <summary>
/// Products of small float32 matrices on one thread: c = scale * a . b, or added to c. Both factors are copied into panels first. Every element of c is one
/// chain of fused multiply-adds over the depth in ascending order, so vector widths and edges change no bit.
/// </summary>
internal static unsafe class TileProduct
{
    /// <summary>Rows of a register tile. Eight rows of two vectors are 16 sums, which leaves registers for the factors.</summary>
    private const int TileRows = 8;

    private const int TileColumns = 32;

    /// <summary>Most rows of c in one call of the inner loop; their panel of a stays in the first-level cache.</summary>
    private const int BlockRows = 64;

    private const int BlockColumns = 256;

    private const int BlockDepth = 256;

    /// <summary>Floats of scratch memory that a call needs, aligned to 64 bytes.</summary>
    public const int ScratchFloats = (BlockRows * BlockDepth) + (BlockColumns * BlockDepth) + (TileRows * TileColumns);

    /// <summary>Computes a product.</summary>
    /// <param name="a">[rows, depth].</param>
    /// <param name="b">[depth, columns].</param>
    /// <param name="c">[rows, columns], stored by rows.</param>
    /// <param name="cStride">Floats from one row of c to the next.</param>
    /// <param name="rows">Rows of a and c.</param>
    /// <param name="columns">Columns of b and c.</param>
    /// <param name="depth">Columns of a, rows of b.</param>
    /// <param name="scale">Factor of the product.</param>
    /// <param name="accumulate">Whether the product is added to c.</param>
    /// <param name="scratch">Memory of <see cref="ScratchFloats"/>.</param>
    public static void Run(
        MatrixView a, MatrixView b, float* c, long cStride, int rows, int columns, int depth, float scale, bool accumulate, float* scratch)
    {
        float* panelA = scratch;
        float* panelB = panelA + (BlockRows * BlockDepth);
        float* edge = panelB + (BlockColumns * BlockDepth);
        for (int k = 0; k < depth; k += BlockDepth)
        {
            int kc = Math.Min(BlockDepth, depth - k);
            bool adds = accumulate || k > 0;
            for (int column = 0; column < columns; column += BlockColumns)
            {
                int nc = Math.Min(BlockColumns, columns - column);
                PackB(b, k, column, kc, nc, panelB);
                for (int row = 0; row < rows; row += BlockRows)
                {
                    int mc = Math.Min(BlockRows, rows - row);
                    PackA(a, row, k, mc, kc, scale, panelA);
                    Block(panelA, panelB, c + (row * cStride) + column, cStride, mc, nc, kc, adds, edge);
                }
            }
        }
    }

    private static void Block(float* a, float* b, float* c, long stride, int rows, int columns, int depth, bool accumulate, float* edge)
    {
        for (int n = 0; n < columns; n += TileColumns, b += depth * TileColumns)
        {
            float* panel = a;
            for (int m = 0; m < rows; m += TileRows, panel += depth * TileRows)
            {
                float* target = c + (m * stride) + n;
                int height = Math.Min(TileRows, rows - m);
                int width = Math.Min(TileColumns, columns - n);
                if (height == TileRows && width == TileColumns)
                {
                    Tile(panel, b, target, stride, depth, accumulate);
                    continue;
                }

                Copy(target, stride, edge, TileColumns, accumulate ? height : 0, width);
                Tile(panel, b, edge, TileColumns, depth, accumulate);
                Copy(edge, TileColumns, target, stride, height, width);
            }
        }
    }

    private static void Copy(float* from, long fromStride, float* to, long toStride, int rows, int columns)
    {
        for (int row = 0; row < rows; row++)
        {
            new Span<float>(from + (row * fromStride), columns).CopyTo(new Span<float>(to + (row * toStride), columns));
        }
    }

    // Panels of eight rows: [depth][8], rows past the end are zero.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackA(MatrixView a, int row, int k, int rows, int depth, float scale, float* panel)
    {
        for (int m = 0; m < rows; m += TileRows, panel += depth * TileRows)
        {
            int height = Math.Min(TileRows, rows - m);
            for (int r = 0; r < TileRows; r++)
            {
                float* target = panel + r;
                float* source = a.At(row + m + r, k);
                long step = a.ColumnStride;
                for (int i = 0; i < depth; i++)
                {
                    target[i * TileRows] = r < height ? source[i * step] * scale : 0;
                }
            }
        }
    }

    // Panels of 32 columns: [depth][32], columns past the end are zero.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackB(MatrixView b, int k, int column, int depth, int columns, float* panel)
    {
        for (int n = 0; n < columns; n += TileColumns, panel += depth * TileColumns)
        {
            int width = Math.Min(TileColumns, columns - n);
            if (b.ColumnStride == 1)
            {
                for (int i = 0; i < depth; i++)
                {
                    float* source = b.At(k + i, column + n);
                    float* target = panel + (i * TileColumns);
                    if (width == TileColumns)
                    {
                        Vector512.Load(source).Store(target);
                        Vector512.Load(source + 16).Store(target + 16);
                        continue;
                    }

                    new Span<float>(source, width).CopyTo(new Span<float>(target, TileColumns));
                    new Span<float>(target + width, TileColumns - width).Clear();
                }

                continue;
            }

            for (int j = 0; j < TileColumns; j++)
            {
                float* source = b.At(k, column + n + j);
                long step = b.RowStride;
                for (int i = 0; i < depth; i++)
                {
                    panel[(i * TileColumns) + j] = j < width ? source[i * step] : 0;
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile(float* a, float* b, float* c, long stride, int depth, bool accumulate)
    {
        // Without 512-bit instructions, sixteen sums of two vectors do not fit the registers, and operations on wide vectors are calls.
        if (!Vector512.IsHardwareAccelerated && Vector256.IsHardwareAccelerated)
        {
            for (int part = 0; part < 4; part++)
            {
                int row = part / 2 * (TileRows / 2), column = part % 2 * (TileColumns / 2);
                Quarter(a + row, b + column, c + (row * stride) + column, stride, depth, accumulate);
            }

            return;
        }

        Vector512<float> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default, c31 = default;
        Vector512<float> c40 = default, c41 = default, c50 = default, c51 = default, c60 = default, c61 = default, c70 = default, c71 = default;
        if (accumulate)
        {
            float* row = c;
            (c00, c01) = (Vector512.Load(row), Vector512.Load(row + 16));
            row += stride;
            (c10, c11) = (Vector512.Load(row), Vector512.Load(row + 16));
            row += stride;
            (c20, c21) = (Vector512.Load(row), Vector512.Load(row + 16));
            row += stride;
            (c30, c31) = (Vector512.Load(row), Vector512.Load(row + 16));
            row += stride;
            (c40, c41) = (Vector512.Load(row), Vector512.Load(row + 16));
            row += stride;
            (c50, c51) = (Vector512.Load(row), Vector512.Load(row + 16));
            row += stride;
            (c60, c61) = (Vector512.Load(row), Vector512.Load(row + 16));
            row += stride;
            (c70, c71) = (Vector512.Load(row), Vector512.Load(row + 16));
        }

        for (int k = 0; k < depth; k++, a += TileRows, b += TileColumns)
        {
            Vector512<float> b0 = Vector512.Load(b), b1 = Vector512.Load(b + 16);
            Vector512<float> x = Vector512.Create(a[0]);
            c00 = Vector512.FusedMultiplyAdd(x, b0, c00);
            c01 = Vector512.FusedMultiplyAdd(x, b1, c01);
            x = Vector512.Create(a[1]);
            c10 = Vector512.FusedMultiplyAdd(x, b0, c10);
            c11 = Vector512.FusedMultiplyAdd(x, b1, c11);
            x = Vector512.Create(a[2]);
            c20 = Vector512.FusedMultiplyAdd(x, b0, c20);
            c21 = Vector512.FusedMultiplyAdd(x, b1, c21);
            x = Vector512.Create(a[3]);
            c30 = Vector512.FusedMultiplyAdd(x, b0, c30);
            c31 = Vector512.FusedMultiplyAdd(x, b1, c31);
            x = Vector512.Create(a[4]);
            c40 = Vector512.FusedMultiplyAdd(x, b0, c40);
            c41 = Vector512.FusedMultiplyAdd(x, b1, c41);
            x = Vector512.Create(a[5]);
            c50 = Vector512.FusedMultiplyAdd(x, b0, c50);
            c51 = Vector512.FusedMultiplyAdd(x, b1, c51);
            x = Vector512.Create(a[6]);
            c60 = Vector512.FusedMultiplyAdd(x, b0, c60);
            c61 = Vector512.FusedMultiplyAdd(x, b1, c61);
            x = Vector512.Create(a[7]);
            c70 = Vector512.FusedMultiplyAdd(x, b0, c70);
            c71 = Vector512.FusedMultiplyAdd(x, b1, c71);
        }

        c = Store(c00, c01, c, stride);
        c = Store(c10, c11, c, stride);
        c = Store(c20, c21, c, stride);
        c = Store(c30, c31, c, stride);
        c = Store(c40, c41, c, stride);
        c = Store(c50, c51, c, stride);
        c = Store(c60, c61, c, stride);
        Store(c70, c71, c, stride);
    }

    // Four rows and sixteen columns of a tile.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Quarter(float* a, float* b, float* c, long stride, int depth, bool accumulate)
    {
        float* c1 = c + stride, c2 = c1 + stride, c3 = c2 + stride;
        Vector256<float> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default, c31 = default;
        if (accumulate)
        {
            (c00, c01) = (Vector256.Load(c), Vector256.Load(c + 8));
            (c10, c11) = (Vector256.Load(c1), Vector256.Load(c1 + 8));
            (c20, c21) = (Vector256.Load(c2), Vector256.Load(c2 + 8));
            (c30, c31) = (Vector256.Load(c3), Vector256.Load(c3 + 8));
        }

        for (int k = 0; k < depth; k++, a += TileRows, b += TileColumns)
        {
            Vector256<float> b0 = Vector256.Load(b), b1 = Vector256.Load(b + 8);
            Vector256<float> x = Vector256.Create(a[0]);
            c00 = Vector256.FusedMultiplyAdd(x, b0, c00);
            c01 = Vector256.FusedMultiplyAdd(x, b1, c01);
            x = Vector256.Create(a[1]);
            c10 = Vector256.FusedMultiplyAdd(x, b0, c10);
            c11 = Vector256.FusedMultiplyAdd(x, b1, c11);
            x = Vector256.Create(a[2]);
            c20 = Vector256.FusedMultiplyAdd(x, b0, c20);
            c21 = Vector256.FusedMultiplyAdd(x, b1, c21);
            x = Vector256.Create(a[3]);
            c30 = Vector256.FusedMultiplyAdd(x, b0, c30);
            c31 = Vector256.FusedMultiplyAdd(x, b1, c31);
        }

        c00.Store(c);
        c01.Store(c + 8);
        c10.Store(c1);
        c11.Store(c1 + 8);
        c20.Store(c2);
        c21.Store(c2 + 8);
        c30.Store(c3);
        c31.Store(c3 + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* Store(Vector512<float> low, Vector512<float> high, float* c, long stride)
    {
        low.Store(c);
        high.Store(c + 16);
        return c + stride;
    }
}
