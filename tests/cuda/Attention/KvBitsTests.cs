using System.Buffers.Binary;
using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Cuda.Kernels;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Attention;

/// <summary>Keys, values and scales have the bits of the CPU's cache, in another order.</summary>
[Collection(nameof(AttentionDevice))]
public sealed class KvBitsTests(AttentionDevice device)
{
    private const int KeyHeads = 2;
    private const int Heads = 4;
    private const int Length = 45;

    [Theory]
    [InlineData(128, ElementType.BF16, true)]
    [InlineData(128, ElementType.I8, true)]
    [InlineData(128, ElementType.F8E4M3, true)]
    [InlineData(80, ElementType.BF16, false)]
    [InlineData(80, ElementType.I8, false)]
    [InlineData(80, ElementType.F8E4M3, false)]
    [InlineData(16, ElementType.F32, false)]
    [InlineData(16, ElementType.I8, false)]
    public void Cached_elements_equal_those_of_the_cpu(int size, ElementType type, bool norm)
    {
        int columns = (Heads + (2 * KeyHeads)) * size;
        AttentionParameters weights = TestSequence.Weights(1, columns, size, bias: true, norm);
        TestSequence sequence = new(2, Length, columns);
        if (!norm)
        {
            MakeEdges(sequence, weights.Bias!);
        }

        using AttentionRig rig = new(device, Heads, KeyHeads, size, type, weights);
        rig.Run([new TestPiece(sequence, 0, Length, [7, 4])], attends: false);
        byte[] actual = new byte[2 * rig.Pool.BlockBytes];
        rig.Pool.CopyOut(0, [7, 4], actual, rig.Stream);
        using CpuAttention onCpu = new(Heads, KeyHeads, size, type, Length);
        onCpu.Run(sequence, weights);
        KvBlocks cache = onCpu.Cache;
        byte[] blocks = new byte[2 * cache.BlockBytes];
        cache.CopyOut(0, [0, 1], blocks);
        int format = AttentionShape.FormatOf(type);
        int padded = AttentionShape.Padded(size);
        int bytes = KvFormat.Bytes(format);
        int elements = KvLayout.ElementBytes(padded, format);
        for (int p = 0; p < Length; p++)
        {
            for (int head = 0; head < KeyHeads; head++)
            {
                ReadOnlySpan<byte> gpu = actual.AsSpan((int)(p / 32 * rig.Pool.BlockBytes) + (head * KvLayout.HeadBytes(padded, format)));
                ReadOnlySpan<byte> cpu = blocks.AsSpan((int)(p / 32 * cache.BlockBytes))[(int)(head * cache.BlockBytes / KeyHeads)..(int)((head + 1) * cache.BlockBytes / KeyHeads)];
                int o = p % 32;
                for (int i = 0; i < size; i++)
                {
                    int key = format == KvFormat.F32 ? (i * 32) + o : (i / 2 * 64) + (o * 2) + (i % 2);
                    int value = format == KvFormat.F32 ? (o * size) + i : (o / 2 * size * 2) + (2 * i) + (o % 2);
                    AssertSame(cpu[(key * bytes)..], gpu[(KvLayout.Key(o, i, padded, format) * bytes)..], type);
                    AssertSame(cpu[(((size * 32) + value) * bytes)..], gpu[(elements + (KvLayout.Value(o, i, padded, format) * bytes))..], type);
                }

                if (KvFormat.HasScales(format))
                {
                    ReadOnlySpan<byte> scales = gpu[(2 * elements)..];
                    AssertSame(cpu[(cpu.Length - 128 + (2 * o))..], scales[(2 * KvLayout.Scale(o))..], ElementType.BF16);
                    AssertSame(cpu[(cpu.Length - 64 + (2 * o))..], scales[(64 + (2 * KvLayout.Scale(o)))..], ElementType.BF16);
                }
            }
        }
    }

    // Without the bias these elements are exactly what is quantised, as position 0 is not rotated and values never are.
    private static void MakeEdges(TestSequence sequence, float[] bias)
    {
        float[] edges = [0f, 1e-40f, 3e38f, float.PositiveInfinity, float.NaN, 0.5f, 2.5f];
        for (int p = 0; p < edges.Length; p++)
        {
            float[] row = sequence.Rows[p];
            for (int i = 0; i < row.Length; i++)
            {
                row[i] = (i % 3 == 0 ? edges[p] : i % 3 == 1 ? -edges[p] / 3 : edges[p] == 0 ? 0 : 127 * MathF.Min(edges[p], 1)) - bias[i];
            }
        }
    }

    private static void AssertSame(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, ElementType type)
    {
        switch (type)
        {
            case ElementType.F32:
                Assert.Equal(BinaryPrimitives.ReadSingleLittleEndian(expected), BinaryPrimitives.ReadSingleLittleEndian(actual));
                break;
            case ElementType.BF16:
                (ushort e, ushort a) = (BinaryPrimitives.ReadUInt16LittleEndian(expected), BinaryPrimitives.ReadUInt16LittleEndian(actual));
                Assert.True(e == a || ((e & 0x7FFF) > 0x7F80 && (a & 0x7FFF) > 0x7F80), $"{a:x} instead of {e:x}");
                break;
            default:
                Assert.Equal(expected[0], actual[0]);
                break;
        }
    }
}
