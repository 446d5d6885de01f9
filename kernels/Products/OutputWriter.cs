using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Kernels.Products;

/// <summary>Applies the <see cref="Epilogue"/> to a block of float32 sums [tokens, width] in scratch memory and writes the result to an activation.</summary>
internal static unsafe class OutputWriter
{
    /// <summary>
    /// Prefetches the cache lines that will be written, before the sums of their tile are computed. They lie a row apart, so the hardware
    /// prefetcher does not foresee them. One call fetches only the lines of one tile, because a core can have few cache misses open at once.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Prefetch(int tokens, Activation y, int row, int column)
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        int bytes = Math.Min(64, y.Columns - column) * y.Type.Size();
        byte* target = AddressOf(y, row, tokens, column);
        for (int t = 0; t < tokens; t++, target += y.Stride)
        {
            for (int b = 0; b < bytes; b += 64)
            {
                Sse.Prefetch0(target + b);
            }
        }
    }

    /// <summary>Stores or adds 64 columns of each token at <paramref name="column"/>; fewer at the right edge.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Write(float* sums, int width, int tokens, Activation y, int row, int column, bool add)
    {
        int columns = Math.Min(64, y.Columns - column);
        byte* target = AddressOf(y, row, tokens, column);
        for (int t = 0; t < tokens; t++, sums += width, target += y.Stride)
        {
            int c = 0;
            for (; c + 16 <= columns; c += 16)
            {
                Vector512<float> value = Vector512.Load(sums + c);
                if (y.Type == ElementType.BF16)
                {
                    Conversion.StoreBf16(value, (ushort*)target + c);
                }
                else if (add)
                {
                    (Vector512.Load((float*)target + c) + value).Store((float*)target + c);
                }
                else
                {
                    value.Store((float*)target + c);
                }
            }

            for (; c < columns; c++)
            {
                if (y.Type == ElementType.BF16)
                {
                    ((ushort*)target)[c] = Conversion.ToBf16(sums[c]);
                }
                else
                {
                    ((float*)target)[c] = add ? ((float*)target)[c] + sums[c] : sums[c];
                }
            }
        }
    }

    /// <summary>Stores silu(first 64 columns) * (second 64 columns) of each token at <paramref name="column"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SwiGlu(float* sums, int width, int tokens, Activation y, int row, int column)
    {
        int columns = Math.Min(64, y.Columns - column);
        float* tail = stackalloc float[16];
        byte* target = AddressOf(y, row, tokens, column);
        for (int t = 0; t < tokens; t++, sums += width, target += y.Stride)
        {
            for (int c = 0; c < columns; c += 16)
            {
                Vector512<float> value = VectorMath.SwiGlu(Vector512.Load(sums + c), Vector512.Load(sums + 64 + c));
                int left = columns - c;
                if (y.Type == ElementType.BF16)
                {
                    if (left >= 16)
                    {
                        Conversion.StoreBf16(value, (ushort*)target + c);
                    }
                    else
                    {
                        value.Store(tail);
                        Conversion.Convert((byte*)tail, ElementType.F32, target + (2 * c), ElementType.BF16, left);
                    }
                }
                else if (left >= 16)
                {
                    value.Store((float*)target + c);
                }
                else
                {
                    value.Store(tail);
                    Buffer.MemoryCopy(tail, (float*)target + c, left * 4L, left * 4L);
                }
            }
        }
    }

    // Checks the first and the last row once, so that the loops need no checks.
    private static byte* AddressOf(Activation y, int row, int tokens, int column)
    {
        y.Check(row, tokens, nameof(row));
        return y.Pointer + (row * y.Stride) + ((long)column * y.Type.Size());
    }
}
