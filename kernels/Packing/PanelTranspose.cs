using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// Transposes rows of 4-byte words to panels: word s of row r goes to step s, lane r. It only moves words, so every instruction set gives
/// the same bytes.
/// </summary>
internal static unsafe class PanelTranspose
{
    // The hardware prefetcher does not follow 64 rows at once. Two lines ahead measured best: 15 to 19 GB/s on a core, 6 to 15 without.
    private const int PrefetchWords = 32;
    private const int Lanes = PanelKernels.PanelRows;

    /// <summary>Transposes <paramref name="steps"/> words of each of 16 * <paramref name="panels"/> rows.</summary>
    /// <param name="isa">Instructions to use.</param>
    /// <param name="rows">Address of the first word of each row, with any alignment.</param>
    /// <param name="firstStep">The first word of each row to move.</param>
    /// <param name="steps">Number of words to move, a multiple of 4.</param>
    /// <param name="panels">Panels of 16 rows, 1 to 4.</param>
    /// <param name="output">Address of step <paramref name="firstStep"/>, a multiple of 64. Steps follow each other without gaps.</param>
    public static void Transpose(InstructionSet isa, uint** rows, int firstStep, int steps, int panels, byte* output)
    {
        int done = 0;
        if (isa >= InstructionSet.Avx512)
        {
            done = By16(rows, firstStep, steps, panels, output);
        }
        else if (isa >= InstructionSet.Avx2)
        {
            done = By8(rows, firstStep, steps, panels, output);
        }

        By4(rows, firstStep + done, steps - done, panels, output + ((long)done * panels * Lanes * 4));
    }

    /// <summary>Transposes 16 rows of 16 words. Unlike panels, the result is meant to be read soon, so it stays in cache.</summary>
    /// <param name="words">The rows, one after the other.</param>
    /// <param name="to">Address of the first word of the transposed row 0, a multiple of 64.</param>
    /// <param name="stride">Bytes from one transposed row to the next, a multiple of 64.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Square(uint* words, byte* to, long stride)
    {
        if (!Avx512F.IsSupported)
        {
            SquareBy4(words, to, stride);
            return;
        }

        TransposeFourRows(words, out Vector512<uint> a0, out Vector512<uint> a1, out Vector512<uint> a2, out Vector512<uint> a3);
        TransposeFourRows(words + (4 * Lanes), out Vector512<uint> b0, out Vector512<uint> b1, out Vector512<uint> b2, out Vector512<uint> b3);
        TransposeFourRows(words + (8 * Lanes), out Vector512<uint> c0, out Vector512<uint> c1, out Vector512<uint> c2, out Vector512<uint> c3);
        TransposeFourRows(words + (12 * Lanes), out Vector512<uint> d0, out Vector512<uint> d1, out Vector512<uint> d2, out Vector512<uint> d3);
        KeepColumns(a0, b0, c0, d0, to, stride);
        KeepColumns(a1, b1, c1, d1, to + stride, stride);
        KeepColumns(a2, b2, c2, d2, to + (2 * stride), stride);
        KeepColumns(a3, b3, c3, d3, to + (3 * stride), stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposeFourRows(uint* words, out Vector512<uint> c0, out Vector512<uint> c1, out Vector512<uint> c2, out Vector512<uint> c3)
    {
        TransposeFourRows(
            Vector512.Load(words), Vector512.Load(words + Lanes), Vector512.Load(words + (2 * Lanes)), Vector512.Load(words + (3 * Lanes)),
            out c0, out c1, out c2, out c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void KeepColumns(Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, Vector512<uint> d, byte* to, long stride)
    {
        Vector512<uint> abEven = Avx512F.Shuffle4x128(a, b, 0x88), abOdd = Avx512F.Shuffle4x128(a, b, 0xDD);
        Vector512<uint> cdEven = Avx512F.Shuffle4x128(c, d, 0x88), cdOdd = Avx512F.Shuffle4x128(c, d, 0xDD);
        Avx512F.Shuffle4x128(abEven, cdEven, 0x88).StoreAligned((uint*)to);
        Avx512F.Shuffle4x128(abOdd, cdOdd, 0x88).StoreAligned((uint*)(to + (4 * stride)));
        Avx512F.Shuffle4x128(abEven, cdEven, 0xDD).StoreAligned((uint*)(to + (8 * stride)));
        Avx512F.Shuffle4x128(abOdd, cdOdd, 0xDD).StoreAligned((uint*)(to + (12 * stride)));
    }

    private static void SquareBy4(uint* words, byte* to, long stride)
    {
        for (int row = 0; row < Lanes; row += 4)
        {
            for (int column = 0; column < Lanes; column += 4)
            {
                uint* at = words + (row * Lanes) + column;
                Vector128<uint> a = Vector128.Load(at), b = Vector128.Load(at + Lanes);
                Vector128<uint> c = Vector128.Load(at + (2 * Lanes)), d = Vector128.Load(at + (3 * Lanes));
                Vector128<ulong> abLow = Low(a, b).AsUInt64(), abHigh = High(a, b).AsUInt64(), cdLow = Low(c, d).AsUInt64(), cdHigh = High(c, d).AsUInt64();
                byte* target = to + (column * stride) + (row * sizeof(uint));
                Vector128.Create(abLow.GetLower(), cdLow.GetLower()).AsUInt32().Store((uint*)target);
                Vector128.Create(abLow.GetUpper(), cdLow.GetUpper()).AsUInt32().Store((uint*)(target + stride));
                Vector128.Create(abHigh.GetLower(), cdHigh.GetLower()).AsUInt32().Store((uint*)(target + (2 * stride)));
                Vector128.Create(abHigh.GetUpper(), cdHigh.GetUpper()).AsUInt32().Store((uint*)(target + (3 * stride)));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int By16(uint** rows, int firstStep, int steps, int panels, byte* output)
    {
        int stride = panels * Lanes * 4;
        int whole = steps & ~15;
        for (int s = 0; s < whole; s += 16)
        {
            int at = firstStep + s;
            for (int panel = 0; panel < panels; panel++)
            {
                uint** lane = rows + (panel * Lanes);
                byte* to = output + ((long)s * stride) + (panel * Lanes * 4);
                for (int i = 0; i < Lanes; i++)
                {
                    Sse.Prefetch0(lane[i] + at + PrefetchWords);
                }

                Tile16(lane, at, to, stride);
            }
        }

        // Non-temporal stores are not ordered with other stores. Without the fence, other threads could read old data here.
        Sse.StoreFence();
        return whole;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Tile16(uint** rows, int at, byte* to, int stride)
    {
        // First transpose 4 x 4 words within each 128-bit quarter, then exchange quarters.
        TransposeFourRows(rows, at, out Vector512<uint> a0, out Vector512<uint> a1, out Vector512<uint> a2, out Vector512<uint> a3);
        TransposeFourRows(rows + 4, at, out Vector512<uint> b0, out Vector512<uint> b1, out Vector512<uint> b2, out Vector512<uint> b3);
        TransposeFourRows(rows + 8, at, out Vector512<uint> c0, out Vector512<uint> c1, out Vector512<uint> c2, out Vector512<uint> c3);
        TransposeFourRows(rows + 12, at, out Vector512<uint> d0, out Vector512<uint> d1, out Vector512<uint> d2, out Vector512<uint> d3);
        StoreColumns(a0, b0, c0, d0, to, stride);
        StoreColumns(a1, b1, c1, d1, to + stride, stride);
        StoreColumns(a2, b2, c2, d2, to + (2 * stride), stride);
        StoreColumns(a3, b3, c3, d3, to + (3 * stride), stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposeFourRows(
        uint** rows, int at, out Vector512<uint> c0, out Vector512<uint> c1, out Vector512<uint> c2, out Vector512<uint> c3)
    {
        TransposeFourRows(
            Vector512.Load(rows[0] + at), Vector512.Load(rows[1] + at), Vector512.Load(rows[2] + at), Vector512.Load(rows[3] + at),
            out c0, out c1, out c2, out c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposeFourRows(
        Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, Vector512<uint> d,
        out Vector512<uint> c0, out Vector512<uint> c1, out Vector512<uint> c2, out Vector512<uint> c3)
    {
        Vector512<ulong> abLow = Avx512F.UnpackLow(a, b).AsUInt64(), abHigh = Avx512F.UnpackHigh(a, b).AsUInt64();
        Vector512<ulong> cdLow = Avx512F.UnpackLow(c, d).AsUInt64(), cdHigh = Avx512F.UnpackHigh(c, d).AsUInt64();
        c0 = Avx512F.UnpackLow(abLow, cdLow).AsUInt32();
        c1 = Avx512F.UnpackHigh(abLow, cdLow).AsUInt32();
        c2 = Avx512F.UnpackLow(abHigh, cdHigh).AsUInt32();
        c3 = Avx512F.UnpackHigh(abHigh, cdHigh).AsUInt32();
    }

    /// <summary>Stores columns j, j + 4, j + 8 and j + 12, whose quarters come from four groups of rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreColumns(Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, Vector512<uint> d, byte* to, int stride)
    {
        Vector512<uint> abEven = Avx512F.Shuffle4x128(a, b, 0x88), abOdd = Avx512F.Shuffle4x128(a, b, 0xDD);
        Vector512<uint> cdEven = Avx512F.Shuffle4x128(c, d, 0x88), cdOdd = Avx512F.Shuffle4x128(c, d, 0xDD);
        Avx512F.Shuffle4x128(abEven, cdEven, 0x88).StoreAlignedNonTemporal((uint*)to);
        Avx512F.Shuffle4x128(abOdd, cdOdd, 0x88).StoreAlignedNonTemporal((uint*)(to + (4 * stride)));
        Avx512F.Shuffle4x128(abEven, cdEven, 0xDD).StoreAlignedNonTemporal((uint*)(to + (8 * stride)));
        Avx512F.Shuffle4x128(abOdd, cdOdd, 0xDD).StoreAlignedNonTemporal((uint*)(to + (12 * stride)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int By8(uint** rows, int firstStep, int steps, int panels, byte* output)
    {
        int stride = panels * Lanes * 4;
        int whole = steps & ~7;
        for (int s = 0; s < whole; s += 8)
        {
            int at = firstStep + s;
            for (int r = 0; r < panels * Lanes; r += 8)
            {
                byte* to = output + ((long)s * stride) + (r * 4);
                for (int i = r; i < r + 8; i += 2)
                {
                    // A cache line holds two tiles, so each tile prefetches half of the rows.
                    Sse.Prefetch0(rows[i + ((s >> 3) & 1)] + at + PrefetchWords);
                }

                TransposeFourRows(rows + r, at, out Vector256<uint> a0, out Vector256<uint> a1, out Vector256<uint> a2, out Vector256<uint> a3);
                TransposeFourRows(rows + r + 4, at, out Vector256<uint> b0, out Vector256<uint> b1, out Vector256<uint> b2, out Vector256<uint> b3);
                StoreColumns(a0, b0, to, 4 * stride);
                StoreColumns(a1, b1, to + stride, 4 * stride);
                StoreColumns(a2, b2, to + (2 * stride), 4 * stride);
                StoreColumns(a3, b3, to + (3 * stride), 4 * stride);
            }
        }

        return whole;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposeFourRows(
        uint** rows, int at, out Vector256<uint> c0, out Vector256<uint> c1, out Vector256<uint> c2, out Vector256<uint> c3)
    {
        Vector256<uint> a = Vector256.Load(rows[0] + at), b = Vector256.Load(rows[1] + at);
        Vector256<uint> c = Vector256.Load(rows[2] + at), d = Vector256.Load(rows[3] + at);
        Vector256<ulong> abLow = Avx2.UnpackLow(a, b).AsUInt64(), abHigh = Avx2.UnpackHigh(a, b).AsUInt64();
        Vector256<ulong> cdLow = Avx2.UnpackLow(c, d).AsUInt64(), cdHigh = Avx2.UnpackHigh(c, d).AsUInt64();
        c0 = Avx2.UnpackLow(abLow, cdLow).AsUInt32();
        c1 = Avx2.UnpackHigh(abLow, cdLow).AsUInt32();
        c2 = Avx2.UnpackLow(abHigh, cdHigh).AsUInt32();
        c3 = Avx2.UnpackHigh(abHigh, cdHigh).AsUInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreColumns(Vector256<uint> a, Vector256<uint> b, byte* to, int distance)
    {
        Avx2.Permute2x128(a, b, 0x20).Store((uint*)to);
        Avx2.Permute2x128(a, b, 0x31).Store((uint*)(to + distance));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void By4(uint** rows, int firstStep, int steps, int panels, byte* output)
    {
        int stride = panels * Lanes * 4;
        for (int s = 0; s < steps; s += 4)
        {
            int at = firstStep + s;
            for (int r = 0; r < panels * Lanes; r += 4)
            {
                Vector128<uint> a = Vector128.Load(rows[r] + at), b = Vector128.Load(rows[r + 1] + at);
                Vector128<uint> c = Vector128.Load(rows[r + 2] + at), d = Vector128.Load(rows[r + 3] + at);
                Vector128<ulong> abLow = Low(a, b).AsUInt64(), abHigh = High(a, b).AsUInt64();
                Vector128<ulong> cdLow = Low(c, d).AsUInt64(), cdHigh = High(c, d).AsUInt64();
                byte* to = output + ((long)s * stride) + (r * 4);
                Vector128.Create(abLow.GetLower(), cdLow.GetLower()).AsUInt32().Store((uint*)to);
                Vector128.Create(abLow.GetUpper(), cdLow.GetUpper()).AsUInt32().Store((uint*)(to + stride));
                Vector128.Create(abHigh.GetLower(), cdHigh.GetLower()).AsUInt32().Store((uint*)(to + (2 * stride)));
                Vector128.Create(abHigh.GetUpper(), cdHigh.GetUpper()).AsUInt32().Store((uint*)(to + (3 * stride)));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Low(Vector128<uint> a, Vector128<uint> b) =>
        Sse2.IsSupported ? Sse2.UnpackLow(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b)
        : Vector128.Create(a[0], b[0], a[1], b[1]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> High(Vector128<uint> a, Vector128<uint> b) =>
        Sse2.IsSupported ? Sse2.UnpackHigh(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b)
        : Vector128.Create(a[2], b[2], a[3], b[3]);
}
