using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using HunyuanOrleans.Kernels.CodeGeneration;

namespace HunyuanOrleans.Kernels.Panels;

/// <summary>Operations of one vector width, so that one kernel source serves all widths. Each lane is an output row, so the width changes no bit.</summary>
internal unsafe interface ILanes<TVector>
    where TVector : struct
{
    static abstract int Count { get; }

    static abstract TVector Load(float* address);

    static abstract void Store(TVector value, float* address);

    static abstract TVector Broadcast(float value);

    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector sum);

    /// <summary>The lower bfloat16 of each 32-bit lane, as float32.</summary>
    static abstract TVector Even(TVector pairs);

    /// <summary>The upper bfloat16 of each 32-bit lane, as float32.</summary>
    static abstract TVector Odd(TVector pairs);

    /// <summary>
    /// In each 32-bit integer lane: sum + the four products of the unsigned bytes of w with the signed bytes of x, or of w - 128 with them if
    /// <see cref="PanelCode.MultipliesSigned"/>. The result is exact if it fits 32 bits.
    /// </summary>
    static abstract TVector DotBytes(TVector w, uint x, TVector sum);
}

/// <summary>Sign-extends the four bytes of a step of x to pairs of 16-bit integers, which vectors multiply.</summary>
internal static class BytePairs
{
    /// <summary>Bytes 0 and 2.</summary>
    public static int Even(uint x) => ((sbyte)x & 0xFFFF) + ((sbyte)(x >> 16) * 65536);

    /// <summary>Bytes 1 and 3.</summary>
    public static int Odd(uint x) => Even(x >> 8);
}

internal readonly unsafe struct Lanes512 : ILanes<Vector512<float>>
{
    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* address) => Vector512.Load(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> value, float* address) => value.Store(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(float value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> sum) => Vector512.FusedMultiplyAdd(a, b, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Even(Vector512<float> pairs) => (pairs.AsUInt32() << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Odd(Vector512<float> pairs) => (pairs.AsUInt32() & Vector512.Create(0xFFFF0000u)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> DotBytes(Vector512<float> w, uint x, Vector512<float> sum)
    {
        Vector512<int> even = Avx512BW.MultiplyAddAdjacent(w.AsInt16() & Vector512.Create((short)0xFF), Vector512.Create(BytePairs.Even(x)).AsInt16());
        Vector512<int> odd = Avx512BW.MultiplyAddAdjacent((w.AsUInt16() >> 8).AsInt16(), Vector512.Create(BytePairs.Odd(x)).AsInt16());
        return (sum.AsInt32() + even + odd).AsSingle();
    }
}

internal readonly unsafe struct Lanes256 : ILanes<Vector256<float>>
{
    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* address) => Vector256.Load(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> value, float* address) => value.Store(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> sum) => Vector256.FusedMultiplyAdd(a, b, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Even(Vector256<float> pairs) => (pairs.AsUInt32() << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Odd(Vector256<float> pairs) => (pairs.AsUInt32() & Vector256.Create(0xFFFF0000u)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> DotBytes(Vector256<float> w, uint x, Vector256<float> sum)
    {
        Vector256<int> even = Avx2.MultiplyAddAdjacent(w.AsInt16() & Vector256.Create((short)0xFF), Vector256.Create(BytePairs.Even(x)).AsInt16());
        Vector256<int> odd = Avx2.MultiplyAddAdjacent((w.AsUInt16() >> 8).AsInt16(), Vector256.Create(BytePairs.Odd(x)).AsInt16());
        return (sum.AsInt32() + even + odd).AsSingle();
    }
}

internal readonly unsafe struct Lanes128 : ILanes<Vector128<float>>
{
    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(float* address) => Vector128.Load(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<float> value, float* address) => value.Store(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> sum) => Vector128.FusedMultiplyAdd(a, b, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Even(Vector128<float> pairs) => (pairs.AsUInt32() << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Odd(Vector128<float> pairs) => (pairs.AsUInt32() & Vector128.Create(0xFFFF0000u)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> DotBytes(Vector128<float> w, uint x, Vector128<float> sum)
    {
        if (Dp.IsSupported)
        {
            return Dp.DotProduct(sum.AsInt32(), (w.AsByte() ^ Vector128.Create((byte)0x80)).AsSByte(), Vector128.Create(x).AsSByte()).AsSingle();
        }

        if (Sse2.IsSupported)
        {
            Vector128<int> even = Sse2.MultiplyAddAdjacent(w.AsInt16() & Vector128.Create((short)0xFF), Vector128.Create(BytePairs.Even(x)).AsInt16());
            Vector128<int> odd = Sse2.MultiplyAddAdjacent((w.AsUInt16() >> 8).AsInt16(), Vector128.Create(BytePairs.Odd(x)).AsInt16());
            return (sum.AsInt32() + even + odd).AsSingle();
        }

        Vector128<int> mask = Vector128.Create(0xFF);
        Vector128<int> products = (w.AsInt32() & mask) * (sbyte)x;
        products += ((w.AsInt32() >>> 8) & mask) * (sbyte)(x >> 8);
        products += ((w.AsInt32() >>> 16) & mask) * (sbyte)(x >> 16);
        products += (w.AsInt32() >>> 24) * (sbyte)(x >> 24);
        return (sum.AsInt32() + products).AsSingle();
    }
}
