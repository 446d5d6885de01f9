using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HunyuanOrleans.Kernels.Products;

/// <summary>
/// Converts sums of codes [tokens, 64] to float32 values in place, with the same order of operations on every machine. It works on whole
/// panels, so it also scales padding rows after the last row of a matrix, which nobody reads.
/// </summary>
internal static unsafe class Dequantizer
{
    /// <summary>
    /// value = (float)(sum - offset * sum of the token's codes) * row scale * token scale, from left to right. The weights were multiplied as
    /// q + offset, which the subtraction corrects.
    /// </summary>
    /// <param name="sums">32-bit integers, replaced by float32 values.</param>
    /// <param name="width">Elements from one token to the next.</param>
    /// <param name="tokens">Number of tokens.</param>
    /// <param name="rows">Number of rows, a multiple of 16.</param>
    /// <param name="rowScales">A float32 scale for each row.</param>
    /// <param name="tokenScales">Address of the first token's scale in its <see cref="ActivationFormat"/>.</param>
    /// <param name="stride">Bytes from the scale of one token to that of the next.</param>
    /// <param name="offset">What was added to the weights.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Int8(float* sums, int width, int tokens, int rows, float* rowScales, byte* tokenScales, long stride, int offset)
    {
        for (int t = 0; t < tokens; t++, sums += width, tokenScales += stride)
        {
            Vector512<float> scale = Vector512.Create(*(float*)tokenScales);
            Vector512<int> excess = Vector512.Create(offset * ((int*)tokenScales)[1]);
            for (int r = 0; r < rows; r += 16)
            {
                Vector512<float> value = Vector512.ConvertToSingle(Vector512.Load((int*)sums + r) - excess);
                (value * Vector512.Load(rowScales + r) * scale).Store(sums + r);
            }
        }
    }

    /// <summary>value = sum * factor * (token scale * row scale).</summary>
    /// <param name="sums">float32 values.</param>
    /// <param name="width">Elements from one token to the next.</param>
    /// <param name="tokens">Number of tokens.</param>
    /// <param name="rows">Number of rows, a multiple of 16.</param>
    /// <param name="rowScales">A float32 scale for each row.</param>
    /// <param name="tokenScales">Address of the first token's scale in its <see cref="ActivationFormat"/>.</param>
    /// <param name="stride">Bytes from the scale of one token to that of the next.</param>
    /// <param name="factor">A power of two that corrects the sums.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void E4M3(float* sums, int width, int tokens, int rows, float* rowScales, byte* tokenScales, long stride, float factor)
    {
        for (int t = 0; t < tokens; t++, sums += width, tokenScales += stride)
        {
            Vector512<float> scale = Vector512.Create(*(float*)tokenScales);
            for (int r = 0; r < rows; r += 16)
            {
                (Vector512.Load(sums + r) * factor * (scale * Vector512.Load(rowScales + r))).Store(sums + r);
            }
        }
    }

    /// <summary>value = sum * token scale. The sums already include the scales of the weights.</summary>
    /// <param name="sums">float32 values.</param>
    /// <param name="width">Elements from one token to the next.</param>
    /// <param name="tokens">Number of tokens.</param>
    /// <param name="rows">Number of rows, a multiple of 16.</param>
    /// <param name="tokenScales">Address of the first token's scale in its <see cref="ActivationFormat"/>.</param>
    /// <param name="stride">Bytes from the scale of one token to that of the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Int4(float* sums, int width, int tokens, int rows, byte* tokenScales, long stride)
    {
        for (int t = 0; t < tokens; t++, sums += width, tokenScales += stride)
        {
            Vector512<float> scale = Vector512.Create(*(float*)tokenScales);
            for (int r = 0; r < rows; r += 16)
            {
                (Vector512.Load(sums + r) * scale).Store(sums + r);
            }
        }
    }

    /// <summary>target = sums * scales + target, with one rounding, or sums * scales for the first group.</summary>
    /// <param name="sums">The sums of a group, 64 for each token.</param>
    /// <param name="tokens">Number of tokens.</param>
    /// <param name="rows">Number of rows, a multiple of 16.</param>
    /// <param name="scales">A float32 scale for each row.</param>
    /// <param name="target">The sums of all groups so far.</param>
    /// <param name="width">Elements of the target from one token to the next.</param>
    /// <param name="isFirst">Whether the target has no sums yet.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(float* sums, int tokens, int rows, float* scales, float* target, int width, bool isFirst)
    {
        for (int t = 0; t < tokens; t++, sums += Panels.PanelKernels.BlockRows, target += width)
        {
            for (int r = 0; r < rows; r += 16)
            {
                Vector512<float> before = isFirst ? Vector512<float>.Zero : Vector512.Load(target + r);
                Vector512.FusedMultiplyAdd(Vector512.Load(sums + r), Vector512.Load(scales + r), before).Store(target + r);
            }
        }
    }

    /// <summary>value = sum * factor * token scale. The sums already include the scales of the weights.</summary>
    /// <param name="sums">float32 values.</param>
    /// <param name="width">Elements from one token to the next.</param>
    /// <param name="tokens">Number of tokens.</param>
    /// <param name="rows">Number of rows, a multiple of 16.</param>
    /// <param name="tokenScales">Address of the first token's scale in its <see cref="ActivationFormat"/>.</param>
    /// <param name="stride">Bytes from the scale of one token to that of the next.</param>
    /// <param name="factor">A power of two that corrects the sums.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void E4M3Block(float* sums, int width, int tokens, int rows, byte* tokenScales, long stride, float factor)
    {
        for (int t = 0; t < tokens; t++, sums += width, tokenScales += stride)
        {
            Vector512<float> scale = Vector512.Create(*(float*)tokenScales);
            for (int r = 0; r < rows; r += 16)
            {
                (Vector512.Load(sums + r) * factor * scale).Store(sums + r);
            }
        }
    }
}
