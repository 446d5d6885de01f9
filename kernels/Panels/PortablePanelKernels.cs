using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace HunyuanOrleans.Kernels.Panels;

/// <summary>
/// Panel kernels for float32, bfloat16 and bytes, written with C# vectors of every width. Each output is a chain of fused multiply-adds over
/// the steps in order, or an exact integer sum, so tile shape and width change no bit.
/// </summary>
internal static unsafe class PortablePanelKernels
{
    /// <summary>Multiplies the 4 bytes of x and of w in a step and adds the products to the sums.</summary>
    private interface IStep<TVector>
        where TVector : struct
    {
        static abstract TVector Accumulate<TLanes>(TVector w, uint x, TVector sum)
            where TLanes : struct, ILanes<TVector>;
    }

    private readonly struct F32Step<TVector> : IStep<TVector>
        where TVector : struct
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Accumulate<TLanes>(TVector w, uint x, TVector sum)
            where TLanes : struct, ILanes<TVector>
            => TLanes.MultiplyAdd(TLanes.Broadcast(BitConverter.UInt32BitsToSingle(x)), w, sum);
    }

    private readonly struct Bf16Step<TVector> : IStep<TVector>
        where TVector : struct
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Accumulate<TLanes>(TVector w, uint x, TVector sum)
            where TLanes : struct, ILanes<TVector>
        {
            TVector even = TLanes.MultiplyAdd(TLanes.Broadcast(BitConverter.UInt32BitsToSingle(x << 16)), TLanes.Even(w), sum);
            return TLanes.MultiplyAdd(TLanes.Broadcast(BitConverter.UInt32BitsToSingle(x & 0xFFFF0000u)), TLanes.Odd(w), even);
        }
    }

    private readonly struct I8Step<TVector> : IStep<TVector>
        where TVector : struct
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Accumulate<TLanes>(TVector w, uint x, TVector sum)
            where TLanes : struct, ILanes<TVector>
            => TLanes.DotBytes(w, x, sum);
    }

    public static delegate* unmanaged<PanelArgs*, void> Select(ElementType type, Isa.InstructionSet isa) => (type, isa) switch
    {
        (ElementType.F32, Isa.InstructionSet.Portable) => &F32Portable,
        (ElementType.F32, Isa.InstructionSet.Avx2 or Isa.InstructionSet.AvxVnni) => &F32Avx2,
        (ElementType.F32, _) => &F32Avx512,
        (ElementType.I8, Isa.InstructionSet.Portable) => &I8Portable,
        (ElementType.I8, Isa.InstructionSet.Avx2 or Isa.InstructionSet.AvxVnni) => &I8Avx2,
        (ElementType.I8, _) => &I8Avx512,
        (ElementType.BF16, Isa.InstructionSet.Portable) => &Bf16Portable,
        (ElementType.BF16, Isa.InstructionSet.Avx2 or Isa.InstructionSet.AvxVnni) => &Bf16Avx2,
        (ElementType.BF16, _) => &Bf16Avx512,
        (ElementType.I4, _) => PortableInt4Kernels.Select(isa),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No panel kernel multiplies this type without expansion."),
    };

    [UnmanagedCallersOnly]
    private static void F32Portable(PanelArgs* a) => Run<Lanes128, Vector128<float>, F32Step<Vector128<float>>>(a);

    [UnmanagedCallersOnly]
    private static void F32Avx2(PanelArgs* a) => Run<Lanes256, Vector256<float>, F32Step<Vector256<float>>>(a);

    [UnmanagedCallersOnly]
    private static void F32Avx512(PanelArgs* a) => Run<Lanes512, Vector512<float>, F32Step<Vector512<float>>>(a);

    [UnmanagedCallersOnly]
    private static void Bf16Portable(PanelArgs* a) => Run<Lanes128, Vector128<float>, Bf16Step<Vector128<float>>>(a);

    [UnmanagedCallersOnly]
    private static void Bf16Avx2(PanelArgs* a) => Run<Lanes256, Vector256<float>, Bf16Step<Vector256<float>>>(a);

    [UnmanagedCallersOnly]
    private static void Bf16Avx512(PanelArgs* a) => Run<Lanes512, Vector512<float>, Bf16Step<Vector512<float>>>(a);

    [UnmanagedCallersOnly]
    private static void I8Portable(PanelArgs* a) => Run<Lanes128, Vector128<float>, I8Step<Vector128<float>>>(a);

    [UnmanagedCallersOnly]
    private static void I8Avx2(PanelArgs* a) => Run<Lanes256, Vector256<float>, I8Step<Vector256<float>>>(a);

    [UnmanagedCallersOnly]
    private static void I8Avx512(PanelArgs* a) => Run<Lanes512, Vector512<float>, I8Step<Vector512<float>>>(a);

    private static void Run<TLanes, TVector, TStep>(PanelArgs* a)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TStep : struct, IStep<TVector>
    {
        if (a->PieceCount == 0)
        {
            Tile<TLanes, TVector, TStep>(a);
            return;
        }

        // Between pieces the sums are stored to y and loaded again, which changes no bit.
        PanelArgs piece = *a;
        for (long i = 0; i < a->PieceCount; i++)
        {
            piece.W = a->Pieces[2 * i];
            Tile<TLanes, TVector, TStep>(&piece);
            piece.X += a->Steps * 4;
            piece.Accumulate = 1;
        }
    }

    private static void Tile<TLanes, TVector, TStep>(PanelArgs* a)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TStep : struct, IStep<TVector>
    {
        int vectors = a->Panels * 16 / TLanes.Count;
        int token = 0;
        for (; token + 4 <= a->Tokens; token += 4)
        {
            int v = 0;
            for (; v + 2 <= vectors; v += 2)
            {
                FourByTwo<TLanes, TVector, TStep>(a, token, v * TLanes.Count);
            }

            if (v < vectors)
            {
                FourByOne<TLanes, TVector, TStep>(a, token, v * TLanes.Count);
            }
        }

        for (; token < a->Tokens; token++)
        {
            int v = 0;
            for (; v + 4 <= vectors; v += 4)
            {
                OneByFour<TLanes, TVector, TStep>(a, token, v * TLanes.Count);
            }

            for (; v < vectors; v++)
            {
                OneByOne<TLanes, TVector, TStep>(a, token, v * TLanes.Count);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourByTwo<TLanes, TVector, TStep>(PanelArgs* a, int token, int row)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TStep : struct, IStep<TVector>
    {
        byte* x0 = a->X + (token * a->XStride);
        byte* x1 = x0 + a->XStride;
        byte* x2 = x1 + a->XStride;
        byte* x3 = x2 + a->XStride;
        byte* w = a->W + (row * 4);
        TVector s00 = Start<TLanes, TVector>(a, token, row), s01 = Start<TLanes, TVector>(a, token, row + TLanes.Count);
        TVector s10 = Start<TLanes, TVector>(a, token + 1, row), s11 = Start<TLanes, TVector>(a, token + 1, row + TLanes.Count);
        TVector s20 = Start<TLanes, TVector>(a, token + 2, row), s21 = Start<TLanes, TVector>(a, token + 2, row + TLanes.Count);
        TVector s30 = Start<TLanes, TVector>(a, token + 3, row), s31 = Start<TLanes, TVector>(a, token + 3, row + TLanes.Count);
        long steps = a->Steps;
        long stride = a->WStride;
        for (long s = 0; s < steps; s++, w += stride)
        {
            TVector w0 = TLanes.Load((float*)w);
            TVector w1 = TLanes.Load((float*)w + TLanes.Count);
            uint x = ((uint*)x0)[s];
            s00 = TStep.Accumulate<TLanes>(w0, x, s00);
            s01 = TStep.Accumulate<TLanes>(w1, x, s01);
            x = ((uint*)x1)[s];
            s10 = TStep.Accumulate<TLanes>(w0, x, s10);
            s11 = TStep.Accumulate<TLanes>(w1, x, s11);
            x = ((uint*)x2)[s];
            s20 = TStep.Accumulate<TLanes>(w0, x, s20);
            s21 = TStep.Accumulate<TLanes>(w1, x, s21);
            x = ((uint*)x3)[s];
            s30 = TStep.Accumulate<TLanes>(w0, x, s30);
            s31 = TStep.Accumulate<TLanes>(w1, x, s31);
        }

        Store<TLanes, TVector>(a, token, row, s00);
        Store<TLanes, TVector>(a, token, row + TLanes.Count, s01);
        Store<TLanes, TVector>(a, token + 1, row, s10);
        Store<TLanes, TVector>(a, token + 1, row + TLanes.Count, s11);
        Store<TLanes, TVector>(a, token + 2, row, s20);
        Store<TLanes, TVector>(a, token + 2, row + TLanes.Count, s21);
        Store<TLanes, TVector>(a, token + 3, row, s30);
        Store<TLanes, TVector>(a, token + 3, row + TLanes.Count, s31);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourByOne<TLanes, TVector, TStep>(PanelArgs* a, int token, int row)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TStep : struct, IStep<TVector>
    {
        uint* x0 = (uint*)(a->X + (token * a->XStride));
        uint* x1 = (uint*)((byte*)x0 + a->XStride);
        uint* x2 = (uint*)((byte*)x1 + a->XStride);
        uint* x3 = (uint*)((byte*)x2 + a->XStride);
        byte* w = a->W + (row * 4);
        TVector s0 = Start<TLanes, TVector>(a, token, row), s1 = Start<TLanes, TVector>(a, token + 1, row);
        TVector s2 = Start<TLanes, TVector>(a, token + 2, row), s3 = Start<TLanes, TVector>(a, token + 3, row);
        long steps = a->Steps;
        long stride = a->WStride;
        for (long s = 0; s < steps; s++, w += stride)
        {
            TVector weights = TLanes.Load((float*)w);
            s0 = TStep.Accumulate<TLanes>(weights, x0[s], s0);
            s1 = TStep.Accumulate<TLanes>(weights, x1[s], s1);
            s2 = TStep.Accumulate<TLanes>(weights, x2[s], s2);
            s3 = TStep.Accumulate<TLanes>(weights, x3[s], s3);
        }

        Store<TLanes, TVector>(a, token, row, s0);
        Store<TLanes, TVector>(a, token + 1, row, s1);
        Store<TLanes, TVector>(a, token + 2, row, s2);
        Store<TLanes, TVector>(a, token + 3, row, s3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneByFour<TLanes, TVector, TStep>(PanelArgs* a, int token, int row)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TStep : struct, IStep<TVector>
    {
        uint* x = (uint*)(a->X + (token * a->XStride));
        byte* w = a->W + (row * 4);
        int n = TLanes.Count;
        TVector s0 = Start<TLanes, TVector>(a, token, row), s1 = Start<TLanes, TVector>(a, token, row + n);
        TVector s2 = Start<TLanes, TVector>(a, token, row + (2 * n)), s3 = Start<TLanes, TVector>(a, token, row + (3 * n));
        long steps = a->Steps;
        long stride = a->WStride;
        for (long s = 0; s < steps; s++, w += stride)
        {
            s0 = TStep.Accumulate<TLanes>(TLanes.Load((float*)w), x[s], s0);
            s1 = TStep.Accumulate<TLanes>(TLanes.Load((float*)w + n), x[s], s1);
            s2 = TStep.Accumulate<TLanes>(TLanes.Load((float*)w + (2 * n)), x[s], s2);
            s3 = TStep.Accumulate<TLanes>(TLanes.Load((float*)w + (3 * n)), x[s], s3);
        }

        Store<TLanes, TVector>(a, token, row, s0);
        Store<TLanes, TVector>(a, token, row + n, s1);
        Store<TLanes, TVector>(a, token, row + (2 * n), s2);
        Store<TLanes, TVector>(a, token, row + (3 * n), s3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneByOne<TLanes, TVector, TStep>(PanelArgs* a, int token, int row)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TStep : struct, IStep<TVector>
    {
        uint* x = (uint*)(a->X + (token * a->XStride));
        byte* w = a->W + (row * 4);
        TVector sum = Start<TLanes, TVector>(a, token, row);
        long steps = a->Steps;
        long stride = a->WStride;
        for (long s = 0; s < steps; s++, w += stride)
        {
            sum = TStep.Accumulate<TLanes>(TLanes.Load((float*)w), x[s], sum);
        }

        Store<TLanes, TVector>(a, token, row, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Start<TLanes, TVector>(PanelArgs* a, int token, int row)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        => a->Accumulate != 0 ? TLanes.Load((float*)((byte*)a->Y + (token * a->YStride)) + row) : default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TLanes, TVector>(PanelArgs* a, int token, int row, TVector value)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        => TLanes.Store(value, (float*)((byte*)a->Y + (token * a->YStride)) + row);
}
