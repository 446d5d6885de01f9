using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace HunyuanOrleans.Kernels.Panels;

/// <summary>
/// Operations of one width of 32-bit integer vectors, so that one kernel source serves all widths. Each lane is an output row, and integer
/// sums are exact, so the width changes no bit.
/// </summary>
internal unsafe interface IInt4Lanes<TVector>
    where TVector : struct
{
    static abstract int Count { get; }

    static abstract TVector Load(uint* address);

    static abstract TVector Broadcast(int value);

    /// <summary>The low 4 bits of each byte.</summary>
    static abstract TVector Low(TVector words);

    /// <summary>The high 4 bits of each byte.</summary>
    static abstract TVector High(TVector words);

    /// <summary>In each lane: sum + the products of the four unsigned bytes of codes, which are below 16, with the four signed bytes of x.</summary>
    static abstract TVector AddProducts(TVector codes, uint x, TVector sum);

    /// <summary>Adds sum * scales to sums with a single rounding (fused multiply-add).</summary>
    static abstract void MultiplyAdd(TVector sum, float* scales, float* sums);
}

internal readonly unsafe struct Int4Lanes512 : IInt4Lanes<Vector512<int>>
{
    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load(uint* address) => Vector512.Load((int*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Broadcast(int value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Low(Vector512<int> words) => words & Vector512.Create(0x0F0F0F0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> High(Vector512<int> words) => (words >> 4) & Vector512.Create(0x0F0F0F0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddProducts(Vector512<int> codes, uint x, Vector512<int> sum)
    {
        // Pairs of products fit 16 bits: 2 * 15 * 128.
        Vector512<short> pairs = Avx512BW.MultiplyAddAdjacent(codes.AsByte(), Vector512.Create(x).AsSByte());
        return sum + Avx512BW.MultiplyAddAdjacent(pairs, Vector512<short>.One);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAdd(Vector512<int> sum, float* scales, float* sums) =>
        Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(sum), Vector512.Load(scales), Vector512.Load(sums)).Store(sums);
}

internal readonly unsafe struct Int4Lanes256 : IInt4Lanes<Vector256<int>>
{
    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load(uint* address) => Vector256.Load((int*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(int value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Low(Vector256<int> words) => words & Vector256.Create(0x0F0F0F0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> High(Vector256<int> words) => (words >> 4) & Vector256.Create(0x0F0F0F0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddProducts(Vector256<int> codes, uint x, Vector256<int> sum)
    {
        // Pairs of products fit 16 bits: 2 * 15 * 128.
        Vector256<short> pairs = Avx2.MultiplyAddAdjacent(codes.AsByte(), Vector256.Create(x).AsSByte());
        return sum + Avx2.MultiplyAddAdjacent(pairs, Vector256<short>.One);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAdd(Vector256<int> sum, float* scales, float* sums) =>
        Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(sum), Vector256.Load(scales), Vector256.Load(sums)).Store(sums);
}

internal readonly unsafe struct Int4Lanes128 : IInt4Lanes<Vector128<int>>
{
    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load(uint* address) => Vector128.Load((int*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Broadcast(int value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Low(Vector128<int> words) => words & Vector128.Create(0x0F0F0F0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> High(Vector128<int> words) => (words >> 4) & Vector128.Create(0x0F0F0F0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddProducts(Vector128<int> codes, uint x, Vector128<int> sum)
    {
        if (Dp.IsSupported)
        {
            return Dp.DotProduct(sum, codes.AsSByte(), Vector128.Create(x).AsSByte());
        }

        Vector128<int> low = Vector128.Create(0xFF);
        sum += (codes & low) * (sbyte)x;
        sum += ((codes >> 8) & low) * (sbyte)(x >> 8);
        sum += ((codes >> 16) & low) * (sbyte)(x >> 16);
        return sum + ((codes >> 24) * (sbyte)(x >> 24));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAdd(Vector128<int> sum, float* scales, float* sums) =>
        Vector128.FusedMultiplyAdd(Vector128.ConvertToSingle(sum), Vector128.Load(scales), Vector128.Load(sums)).Store(sums);
}
