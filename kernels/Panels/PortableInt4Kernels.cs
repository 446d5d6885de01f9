using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Packing;

namespace HunyuanOrleans.Kernels.Panels;

/// <summary>
/// Panel kernels for 4-bit weights, written with C# vectors of every width. Each group of 32 columns gives an exact integer sum, and each
/// output is a chain of fused multiply-adds over the groups in order. They give the same bits as the generated code.
/// </summary>
internal static unsafe class PortableInt4Kernels
{
    public static delegate* unmanaged<PanelArgs*, void> Select(InstructionSet isa) => isa switch
    {
        InstructionSet.Portable => &Portable,
        InstructionSet.Avx2 or InstructionSet.AvxVnni => &Avx2,
        _ => &Avx512,
    };

    [UnmanagedCallersOnly]
    private static void Portable(PanelArgs* a) => Run<Int4Lanes128, Vector128<int>>(a);

    [UnmanagedCallersOnly]
    private static void Avx2(PanelArgs* a) => Run<Int4Lanes256, Vector256<int>>(a);

    [UnmanagedCallersOnly]
    private static void Avx512(PanelArgs* a) => Run<Int4Lanes512, Vector512<int>>(a);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TLanes, TVector>(PanelArgs* a)
        where TLanes : struct, IInt4Lanes<TVector>
        where TVector : struct
    {
        int rows = a->Panels * PanelKernels.PanelRows;
        int codeBytes = Int4GroupLayout.CodeBytes(a->Panels);
        int groupBytes = Int4GroupLayout.GroupBytes(a->Panels);
        float* scales = stackalloc float[PanelKernels.BlockRows];
        if (a->Accumulate == 0)
        {
            for (int token = 0; token < a->Tokens; token++)
            {
                new Span<float>((byte*)a->Y + (token * a->YStride), rows).Clear();
            }
        }

        long groups = a->Steps / Int4GroupLayout.WordsPerRow;
        byte* w = a->W;
        for (long group = 0; group < groups; group++, w += groupBytes)
        {
            Conversion.Convert(w + codeBytes, ElementType.F16, (byte*)scales, ElementType.F32, rows);
            for (int row = 0; row < rows; row += TLanes.Count)
            {
                Group<TLanes, TVector>(a, group, (uint*)w + row, rows, scales + row, row);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Group<TLanes, TVector>(PanelArgs* a, long group, uint* words, int wordStride, float* scales, int row)
        where TLanes : struct, IInt4Lanes<TVector>
        where TVector : struct
    {
        TVector w0 = TLanes.Load(words), w1 = TLanes.Load(words + wordStride);
        TVector w2 = TLanes.Load(words + (2 * wordStride)), w3 = TLanes.Load(words + (3 * wordStride));
        for (int token = 0; token < a->Tokens; token++)
        {
            uint* x = (uint*)(a->X + (token * a->XStride) + (group * Int4GroupLayout.Columns));
            TVector sum = TLanes.Broadcast(((int*)((byte*)a->InitialSums + (token * a->InitialSumStride)))[group]);
            sum = TLanes.AddProducts(TLanes.Low(w0), x[0], sum);
            sum = TLanes.AddProducts(TLanes.High(w0), x[1], sum);
            sum = TLanes.AddProducts(TLanes.Low(w1), x[2], sum);
            sum = TLanes.AddProducts(TLanes.High(w1), x[3], sum);
            sum = TLanes.AddProducts(TLanes.Low(w2), x[4], sum);
            sum = TLanes.AddProducts(TLanes.High(w2), x[5], sum);
            sum = TLanes.AddProducts(TLanes.Low(w3), x[6], sum);
            sum = TLanes.AddProducts(TLanes.High(w3), x[7], sum);
            TLanes.MultiplyAdd(sum, scales, (float*)((byte*)a->Y + (token * a->YStride)) + row);
        }
    }
}
