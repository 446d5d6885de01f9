using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HunyuanOrleans.Kernels.Products;

/// <summary>
/// Turns the sums of codes [tokens, 64] into float32 values, in place, in one order of operations on every machine. It works on whole
/// panels: what lies behind a matrix's last row is scaled too and used by nobody.
/// </summary>
internal static unsafe class SumsScaling
{
    /// <summary>
    /// value = (float)(sum - 128 * sum of the token's codes) * row scale * token scale, from left to right; the weights were multiplied
    /// as q + 128.
    /// </summary>
    /// <param name="sums">32-bit integers; receives float32.</param>
    /// <param name="width">Elements from one token to the next.</param>
    /// <param name="tokens">Number of tokens.</param>
    /// <param name="rows">Number of rows, a multiple of 16.</param>
    /// <param name="rowScales">float32 of each row.</param>
    /// <param name="tail">First token's tail of <see cref="InputForm"/>.</param>
    /// <param name="stride">Bytes from one token's tail to the next one's.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Integers(float* sums, int width, int tokens, int rows, float* rowScales, byte* tail, long stride)
    {
        for (int t = 0; t < tokens; t++, sums += width, tail += stride)
        {
            Vector512<float> scale = Vector512.Create(*(float*)tail);
            Vector512<int> offset = Vector512.Create(128 * ((int*)tail)[1]);
            for (int r = 0; r < rows; r += 16)
            {
                Vector512<float> value = Vector512.ConvertToSingle(Vector512.Load((int*)sums + r) - offset);
                (value * Vector512.Load(rowScales + r) * scale).Store(sums + r);
            }
        }
    }

    /// <summary>value = sum * (token scale * row scale).</summary>
    /// <param name="sums">float32.</param>
    /// <param name="width">Elements from one token to the next.</param>
    /// <param name="tokens">Number of tokens.</param>
    /// <param name="rows">Number of rows, a multiple of 16.</param>
    /// <param name="rowScales">float32 of each row.</param>
    /// <param name="tail">First token's tail of <see cref="InputForm"/>.</param>
    /// <param name="stride">Bytes from one token's tail to the next one's.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Floats(float* sums, int width, int tokens, int rows, float* rowScales, byte* tail, long stride)
    {
        for (int t = 0; t < tokens; t++, sums += width, tail += stride)
        {
            Vector512<float> scale = Vector512.Create(*(float*)tail);
            for (int r = 0; r < rows; r += 16)
            {
                (Vector512.Load(sums + r) * (scale * Vector512.Load(rowScales + r))).Store(sums + r);
            }
        }
    }

    /// <summary>value = sum * token scale, where the rows' scales are in the sums already.</summary>
    /// <param name="sums">float32.</param>
    /// <param name="width">Elements from one token to the next.</param>
    /// <param name="tokens">Number of tokens.</param>
    /// <param name="rows">Number of rows, a multiple of 16.</param>
    /// <param name="tail">First token's tail of <see cref="InputForm"/>.</param>
    /// <param name="stride">Bytes from one token's tail to the next one's.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tokens(float* sums, int width, int tokens, int rows, byte* tail, long stride)
    {
        for (int t = 0; t < tokens; t++, sums += width, tail += stride)
        {
            Vector512<float> scale = Vector512.Create(*(float*)tail);
            for (int r = 0; r < rows; r += 16)
            {
                (Vector512.Load(sums + r) * scale).Store(sums + r);
            }
        }
    }
}
