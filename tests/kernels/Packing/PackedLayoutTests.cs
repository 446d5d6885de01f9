using System.Runtime.InteropServices;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Packing;

/// <summary>
/// Packed bytes match the definition of the layout for every instruction set and type, and for sizes that are and are not multiples of a
/// panel or a step.
/// </summary>
public sealed unsafe class PackedLayoutTests
{
    private static readonly (int Rows, int Columns)[] Sizes =
        [(1, 1), (16, 8), (17, 31), (63, 130), (64, 64), (65, 129), (130, 257), (192, 1000), (80, 255)];

    public static TheoryData<InstructionSet, ElementType, ElementType> Cases
    {
        get
        {
            TheoryData<InstructionSet, ElementType, ElementType> data = [];
            foreach (InstructionSet isa in InstructionSets.Available)
            {
                foreach (ElementType from in new[] { ElementType.F32, ElementType.F16, ElementType.BF16 })
                {
                    data.Add(isa, from, ElementType.F32);
                    data.Add(isa, from, ElementType.BF16);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void PackedBytesMatchTheLayout(InstructionSet isa, ElementType from, ElementType to)
    {
        string path = Path.GetTempFileName();
        try
        {
            using (FileStream stream = File.OpenWrite(path))
            {
                foreach ((int rows, int columns) in Sizes)
                {
                    stream.Write(Elements(rows, columns, from));
                }
            }

            using SafeFileHandle file = File.OpenHandle(path);
            Check(isa, from, to, null);
            Check(isa, from, to, file);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void AFileThatEndsBeforeItsLastRowIsRejected()
    {
        string path = Path.GetTempFileName();
        File.WriteAllBytes(path, new byte[100]);
        using (SafeFileHandle file = File.OpenHandle(path))
        {
            using WorkerPool pool = new(2, pin: false);
            using MatrixPacker packer = new();
            using NativeBuffer memory = new(PackedMatrix.SizeOf(80, 32, ElementType.F32));
            PackedMatrix matrix = new(80, 32, ElementType.F32, memory, 0, PanelKernels.For(InstructionSet.Portable));
            Assert.ThrowsAny<IOException>(() => packer.Pack(pool, matrix, [new SourceRows(1, 128, 80, ElementType.F32) { File = file }]));
            packer.Pack(pool, matrix, [SourceRows.Zeros(80)]);
            Assert.Equal(-1, memory.Slice(0, (int)memory.ByteLength).IndexOfAnyExcept((byte)0));
        }

        File.Delete(path);
    }

    /// <summary>Packs matrices of all sizes together, from memory or from a file that contains them one after the other.</summary>
    private static void Check(InstructionSet isa, ElementType from, ElementType to, SafeFileHandle? file)
    {
        using WorkerPool pool = new(2, pin: false);
        using MatrixPacker packer = new(isa);
        List<(NativeBuffer Memory, byte[] Expected, string What)> results = [];
        List<GCHandle> pinned = [];
        long offset = 1;
        foreach ((int rows, int columns) in Sizes)
        {
            byte[] source = Elements(rows, columns, from);
            GCHandle handle = GCHandle.Alloc(source, GCHandleType.Pinned);
            pinned.Add(handle);

            // The address is odd, and zero rows lie in the middle, as in the padding of interleaved matrices.
            nint address = handle.AddrOfPinnedObject() + 1;
            int stride = columns * from.Size();
            int zerosFrom = rows - (rows / 3) - (rows / 2);
            int zerosTo = rows - (rows / 2);
            List<SourceRows> sources =
            [
                Rows(0, zerosFrom),
                SourceRows.Zeros(zerosTo - zerosFrom),
                Rows(zerosTo, rows - zerosTo),
            ];
            NativeBuffer memory = new(PackedMatrix.SizeOf(rows, columns, to));
            memory.Slice(0, (int)memory.ByteLength).Fill(0xEE);
            packer.Add(new PackedMatrix(rows, columns, to, memory, 0, PanelKernels.For(InstructionSet.Portable)), sources);
            results.Add((memory, Pack(source.AsSpan(1), rows, columns, from, to, zerosFrom, zerosTo), $"{rows} x {columns}"));
            offset += source.Length;

            // With a file, the address is not used but must not be zero.
            SourceRows Rows(int first, int count) => file is null
                ? new SourceRows(address + (first * stride), stride, count, from)
                : new SourceRows(1, stride, count, from) { File = file, FileOffset = offset + (first * stride) };
        }

        packer.PackPending(pool);
        foreach ((NativeBuffer memory, byte[] expected, string what) in results)
        {
            Assert.True(memory.Slice(0, (int)memory.ByteLength).SequenceEqual(expected), what);
            memory.Dispose();
        }

        pinned.ForEach(h => h.Free());
    }

    private static byte[] Elements(int rows, int columns, ElementType type)
    {
        Random random = new((rows * 1000) + columns);
        byte[] bytes = new byte[(rows * columns * type.Size()) + 1];
        Span<byte> elements = bytes.AsSpan(1);
        for (int i = 0; i < rows * columns; i++)
        {
            float value = (random.NextSingle() - 0.5f) * MathF.Pow(2, random.Next(-30, 14));
            switch (type)
            {
                case ElementType.F32:
                    BitConverter.TryWriteBytes(elements[(i * 4)..], value);
                    break;
                case ElementType.F16:
                    BitConverter.TryWriteBytes(elements[(i * 2)..], (Half)value);
                    break;
                default:
                    BitConverter.TryWriteBytes(elements[(i * 2)..], Conversion.ToBf16(value));
                    break;
            }
        }

        return bytes;
    }

    /// <summary>Packs element by element, as PackedMatrix documents the layout.</summary>
    private static byte[] Pack(ReadOnlySpan<byte> source, int rows, int columns, ElementType from, ElementType to, int zerosFrom, int zerosTo)
    {
        byte[] packed = new byte[PackedMatrix.SizeOf(rows, columns, to)];
        int perStep = 4 / to.Size();
        int steps = (columns + (4 * perStep) - 1) / (4 * perStep) * 4;
        int panels = (rows + 15) / 16;
        for (int row = 0; row < rows; row++)
        {
            int block = row / 64;
            int blockPanels = Math.Min(4, panels - (block * 4));
            for (int column = 0; column < columns && (row < zerosFrom || row >= zerosTo); column++)
            {
                int at = (block * steps * 256) + (column / perStep * blockPanels * 64) + (row % 64 * 4) + (column % perStep * to.Size());
                ReadOnlySpan<byte> element = source.Slice(((row * columns) + column) * from.Size(), from.Size());
                float value = from switch
                {
                    ElementType.F32 => BitConverter.ToSingle(element),
                    ElementType.F16 => (float)BitConverter.ToHalf(element),
                    _ => Conversion.ToSingle(BitConverter.ToUInt16(element)),
                };
                if (to == ElementType.F32)
                {
                    BitConverter.TryWriteBytes(packed.AsSpan(at), value);
                }
                else
                {
                    BitConverter.TryWriteBytes(packed.AsSpan(at), Conversion.ToBf16(value));
                }
            }
        }

        return packed;
    }
}
