using System.Runtime.InteropServices;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Packing;

/// <summary>Packed bytes are those of the layout's definition, for every instruction set, type and awkward size.</summary>
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
    public void EveryWordLiesWhereTheLayoutSays(InstructionSet isa, ElementType from, ElementType to)
    {
        using WorkerPool pool = new(2, pin: false);
        MatrixPacker packer = new(isa);
        List<(NativeBuffer Memory, byte[] Expected, string What)> results = [];
        List<GCHandle> pinned = [];
        foreach ((int rows, int columns) in Sizes)
        {
            byte[] source = Elements(rows, columns, from);
            GCHandle handle = GCHandle.Alloc(source, GCHandleType.Pinned);
            pinned.Add(handle);
            int size = from.Size();

            // An odd address, and a run of zero rows in the middle, as padding between interleaved matrices has it.
            nint address = handle.AddrOfPinnedObject() + 1;
            int zeros = rows / 3;
            List<SourceRows> sources =
            [
                new(address, columns * size, rows - zeros - (rows / 2), from),
                SourceRows.Zeros(zeros),
                new(address + ((rows - (rows / 2)) * columns * size), columns * size, rows / 2, from),
            ];
            NativeBuffer memory = new(PackedMatrix.SizeOf(rows, columns, to));
            memory.Slice(0, (int)memory.ByteLength).Fill(0xEE);
            packer.Add(new PackedMatrix(rows, columns, to, memory, 0, PanelKernels.For(InstructionSet.Portable)), sources);
            results.Add((memory, Defined(source.AsSpan(1), rows, columns, from, to, rows - zeros - (rows / 2), rows - (rows / 2)), $"{rows} x {columns}"));
        }

        packer.PackAdded(pool);
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

    /// <summary>The layout as PackedMatrix describes it, element by element.</summary>
    private static byte[] Defined(ReadOnlySpan<byte> source, int rows, int columns, ElementType from, ElementType to, int zerosFrom, int zerosTo)
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
