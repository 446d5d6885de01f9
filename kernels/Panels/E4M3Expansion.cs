using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Isa;

namespace HunyuanOrleans.Kernels.Panels;

/// <summary>
/// Expands F8E4M3 panels to bfloat16 or float32 panels. The values are exact and NaN stays NaN. A step of four codes, in the column order 0, 2, 1, 3,
/// becomes two steps of a pair each. Every instruction set gives the same bits.
/// </summary>
internal static unsafe class E4M3Expansion
{
    /// <summary>
    /// For 32-bit lanes whose highest byte is a code: after a signed shift to the right by 4, these bits are a float32, the code's value times 2^-120,
    /// exactly and for subnormal codes too. (The code of NaN becomes a number; rows with one have the scale NaN.)
    /// </summary>
    public const uint FloatMask = 0x87F00000;

    /// <summary>
    /// 2^110: x is multiplied by it if weights are multiplied as <see cref="FloatMask"/> makes them, so that no product or sum leaves the range of float32.
    /// All sums are then 2^-10 of the right ones, in every bit.
    /// </summary>
    public const float XFactor = 1.298074214633707e33f;

    /// <summary>2^10, which corrects the sums.</summary>
    public const float SumFactor = 1024;

    /// <summary>Number of bfloat16 steps for each step of codes.</summary>
    public const int PairFactor = 2;

    /// <summary>Number of float32 steps for each step of codes.</summary>
    public const int FloatFactor = 4;

    /// <summary>The lower bytes of the bfloat16 values of codes 0 to 127, then their upper bytes.</summary>
    public static byte[] Tables { get; } = MakeTables();

    /// <summary>Expands steps to float32, four steps for each, times 2^-120, and returns <paramref name="target"/>.</summary>
    /// <param name="source">The codes.</param>
    /// <param name="steps">Number of steps of codes.</param>
    /// <param name="panels">Number of panels of 16 rows.</param>
    /// <param name="target">Receives the float32 steps, four times as many bytes as the codes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static byte* ExpandToFloats(byte* source, int steps, int panels, byte* target)
    {
        int stride = panels * PanelKernels.PanelRows * 4;
        Vector256<int> mask = Vector256.Create(FloatMask).AsInt32();
        byte* at = target;
        for (int step = 0; step < steps; step++, at += FloatFactor * stride)
        {
            for (int b = 0; b < stride; b += 32, source += 32)
            {
                // The columns of a lane's bytes are 0, 2, 1, 3.
                Vector256<int> codes = Vector256.Load((int*)source);
                (((codes << 24) >> 4) & mask).Store((int*)(at + b));
                (((codes << 8) >> 4) & mask).Store((int*)(at + stride + b));
                (((codes << 16) >> 4) & mask).Store((int*)(at + (2 * stride) + b));
                ((codes >> 4) & mask).Store((int*)(at + (3 * stride) + b));
            }
        }

        return target;
    }

    /// <summary>Expands steps and returns <paramref name="target"/>.</summary>
    /// <param name="isa">Instructions to use.</param>
    /// <param name="source">The codes.</param>
    /// <param name="steps">Number of steps of codes.</param>
    /// <param name="panels">Number of panels of 16 rows.</param>
    /// <param name="target">Receives the bfloat16 steps, twice as many bytes as the codes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static byte* Expand(InstructionSet isa, byte* source, int steps, int panels, byte* target)
    {
        int stride = panels * PanelKernels.PanelRows * 4;
        if (isa >= InstructionSet.Avx512 && Avx512Vbmi.IsSupported)
        {
            ExpandByPermutation(source, steps, stride, target);
            return target;
        }

        byte* at = target;
        for (int step = 0; step < steps; step++, at += 2 * stride)
        {
            for (int b = 0; b < stride; b += 64, source += 64)
            {
                Vector512<uint> codes = Vector512.Load((uint*)source);
                Vector512<uint> first = E4M3.Decode16(codes).AsUInt32(), second = E4M3.Decode16(codes >> 16).AsUInt32();
                Vector512<uint> third = E4M3.Decode16(codes >> 8).AsUInt32(), fourth = E4M3.Decode16(codes >> 24).AsUInt32();
                ((first >> 16) | second).Store((uint*)(at + b));
                ((third >> 16) | fourth).Store((uint*)(at + stride + b));
            }
        }

        return target;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ExpandByPermutation(byte* source, int steps, int stride, byte* target)
    {
        ref byte tables = ref MemoryMarshal.GetArrayDataReference(Tables);
        Vector512<byte> low0 = Vector512.LoadUnsafe(ref tables), low1 = Vector512.LoadUnsafe(ref tables, 64);
        Vector512<byte> high0 = Vector512.LoadUnsafe(ref tables, 128), high1 = Vector512.LoadUnsafe(ref tables, 192);
        Vector512<byte> sign = Vector512.Create((byte)0x80);
        Vector512<ushort> lower = Vector512.Create((ushort)0xFF);
        for (int step = 0; step < steps; step++, target += 2 * stride)
        {
            for (int b = 0; b < stride; b += 64, source += 64)
            {
                Vector512<byte> codes = Vector512.Load(source);
                Vector512<ushort> low = Avx512Vbmi.PermuteVar64x8x2(low0, codes, low1).AsUInt16();
                Vector512<ushort> high = (Avx512Vbmi.PermuteVar64x8x2(high0, codes, high1) | (codes & sign)).AsUInt16();
                ((low & lower) | (high << 8)).Store((ushort*)(target + b));
                ((low >> 8) | Vector512.AndNot(high, lower)).Store((ushort*)(target + stride + b));
            }
        }
    }

    private static byte[] MakeTables()
    {
        byte[] tables = new byte[256];
        for (int code = 0; code < 128; code++)
        {
            ushort value = Conversion.ToBf16(E4M3.ToSingle((byte)code));
            tables[code] = (byte)value;
            tables[128 + code] = (byte)(value >> 8);
        }

        return tables;
    }
}
