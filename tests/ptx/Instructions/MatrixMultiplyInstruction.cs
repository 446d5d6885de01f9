using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>
/// The product of bf16 tiles [16, 16] and [16, 8], added to float32 sums [16, 8]. Each sum takes the products in the order of the inner dimension, each
/// with one rounding. A device may take another order and round less often: neither is specified.
/// </summary>
internal sealed unsafe class MatrixMultiplyInstruction(Slot[] target, Slot[] a, Slot[] b, Slot[] c) : Instruction
{
    /// <inheritdoc/>
    public override bool IsCollective => true;

    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        if (mask != uint.MaxValue)
        {
            throw warp.Fault(0, "The warp has less than 32 threads.");
        }

        byte* file = warp.File;
        Vector256<float>* columns = stackalloc Vector256<float>[16];
        for (int half = 0; half < 2; half++)
        {
            uint* pairs = (uint*)(file + b[half].Offset);
            for (int i = 0; i < 4; i++)
            {
                Vector256<uint> pair = Vector256.Create(
                    pairs[i], pairs[4 + i], pairs[8 + i], pairs[12 + i], pairs[16 + i], pairs[20 + i], pairs[24 + i], pairs[28 + i]);
                columns[(8 * half) + (2 * i)] = (pair << 16).AsSingle();
                columns[(8 * half) + (2 * i) + 1] = (pair & Vector256.Create(0xffff0000u)).AsSingle();
            }
        }

        // Results may go to registers that are read: they are written last.
        float* results = stackalloc float[128];
        for (int half = 0; half < 2; half++)
        {
            MultiplyRows(
                (uint*)(file + a[half].Offset),
                (uint*)(file + a[half + 2].Offset),
                columns,
                (float*)(file + c[2 * half].Offset),
                (float*)(file + c[(2 * half) + 1].Offset),
                results + (64 * half));
        }

        for (int i = 0; i < 4; i++)
        {
            Unsafe.CopyBlock(file + target[i].Offset, results + (32 * i), 128);
        }

        warp.Block.Counters.TensorProducts++;
    }

    // Eight rows. The lanes 4g to 4g + 3 hold row g, so that a row is contiguous in a register's lanes.
    private static void MultiplyRows(
        uint* low, uint* high, Vector256<float>* columns, float* evenSums, float* oddSums, float* results)
    {
        Vector256<float>* sums = stackalloc Vector256<float>[8];
        for (int row = 0; row < 8; row++)
        {
            Vector128<float> even = Vector128.Load(evenSums + (4 * row));
            Vector128<float> odd = Vector128.Load(oddSums + (4 * row));
            sums[row] = Interleave(even, odd);
        }

        for (int row = 0; row < 8; row += 4)
        {
            Vector256<float> sum0 = sums[row];
            Vector256<float> sum1 = sums[row + 1];
            Vector256<float> sum2 = sums[row + 2];
            Vector256<float> sum3 = sums[row + 3];
            for (int k = 0; k < 16; k++)
            {
                uint* at = (k < 8 ? low : high) + (4 * row) + ((k & 7) >> 1);
                Vector256<float> column = columns[k];
                sum0 = Vector256.FusedMultiplyAdd(Element(at[0], k), column, sum0);
                sum1 = Vector256.FusedMultiplyAdd(Element(at[4], k), column, sum1);
                sum2 = Vector256.FusedMultiplyAdd(Element(at[8], k), column, sum2);
                sum3 = Vector256.FusedMultiplyAdd(Element(at[12], k), column, sum3);
            }

            sums[row] = sum0;
            sums[row + 1] = sum1;
            sums[row + 2] = sum2;
            sums[row + 3] = sum3;
        }

        for (int row = 0; row < 8; row++)
        {
            Vector256<float> sum = CanonicalNan.Of(sums[row]);
            for (int i = 0; i < 4; i++)
            {
                results[(4 * row) + i] = sum[2 * i];
                results[32 + (4 * row) + i] = sum[(2 * i) + 1];
            }
        }
    }

    private static Vector256<float> Element(uint pair, int k) => Vector256.Create(BitConverter.UInt32BitsToSingle((k & 1) == 0 ? pair << 16 : pair & 0xffff0000));

    private static Vector256<float> Interleave(Vector128<float> even, Vector128<float> odd) => Sse.IsSupported
        ? Vector256.Create(Sse.UnpackLow(even, odd), Sse.UnpackHigh(even, odd))
        : Vector256.Create(even[0], odd[0], even[1], odd[1], even[2], odd[2], even[3], odd[3]);
}
