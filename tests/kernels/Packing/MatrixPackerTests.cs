using System.Runtime.InteropServices;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.Kernels.Threading;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Packing;

/// <summary>Every element is converted and lies at its documented place; padding is zero.</summary>
public sealed unsafe class MatrixPackerTests(WorkerPools pools) : IClassFixture<WorkerPools>
{
    public static TheoryData<ElementType, ElementType, int, int> Cases
    {
        get
        {
            TheoryData<ElementType, ElementType, int, int> data = [];
            foreach (ElementType source in new[] { ElementType.F32, ElementType.F16, ElementType.BF16 })
            {
                foreach (ElementType target in KernelVariants.Types)
                {
                    data.Add(source, target, 1, 1);
                    data.Add(source, target, 5, 9);
                    data.Add(source, target, 64, 64);
                    data.Add(source, target, 80, 257);
                    data.Add(source, target, 130, 131);
                    data.Add(source, target, 16, 600);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void UnalignedRowsAreConverted(ElementType source, ElementType target, int rows, int columns)
    {
        // Rows begin at an odd address and have an odd stride, because a safetensors header may have any length.
        int stride = (columns * source.Size()) + 3;
        byte[] bytes = new byte[1 + (rows * stride)];
        new Random(rows + columns).NextBytes(bytes);
        foreach (WorkerPool pool in pools.All)
        {
            fixed (byte* at = bytes)
            {
                using PackedWeights weights = PackedWeights.Pack(
                    [new SourceRows((nint)at + 1, stride, rows / 2, source), new SourceRows((nint)at + 1 + (rows / 2 * stride), stride, rows - (rows / 2), source)],
                    rows, columns, target, InstructionSet.Portable, pool);
                AssertElements(weights, rows, columns, (row, column) =>
                {
                    float value = Element(bytes.AsSpan(1 + (row * stride)), source, column);

                    // Elements of equal types are copied, so a signalling NaN stays signalling. A conversion makes it quiet.
                    return target == ElementType.BF16 && source != target ? Conversion.ToSingle(Conversion.ToBf16(value)) : value;
                });
            }
        }
    }

    [Theory]
    [InlineData(ElementType.F32, 64)]
    [InlineData(ElementType.F32, 1)]
    [InlineData(ElementType.F32, 96)]
    [InlineData(ElementType.BF16, 100)]
    [InlineData(ElementType.BF16, 192)]
    public void GateAndUpRowsAlternate(ElementType type, int width)
    {
        const int Columns = 11;
        float[] gate = ActivationRows.Random(width * Columns, 1, type);
        float[] up = ActivationRows.Random(width * Columns, 2, type);
        using PackedWeights weights = PackedWeights.PackPair(gate, up, width, Columns, type, InstructionSet.Portable, pools.All[1]);
        AssertElements(weights, weights.Matrix.Rows, Columns, (row, column) =>
        {
            int at = (row / 128 * 64) + (row % 64);
            return at >= width ? 0 : (row % 128 < 64 ? gate : up)[(at * Columns) + column];
        });
    }

    [Fact]
    public void InvalidSourcesAreRejectedAndThePackerStaysUsable()
    {
        using NativeBuffer memory = new(PackedMatrix.SizeOf(20, 8, ElementType.F32));
        PackedMatrix matrix = new(20, 8, ElementType.F32, memory, 0, PanelKernels.For(InstructionSet.Portable));
        MatrixPacker packer = new();
        float[] values = ActivationRows.Random(20 * 8, 1);
        fixed (float* at = values)
        {
            SourceRows all = new((nint)at, 32, 20, ElementType.F32);
            SourceRows[][] wrong =
            [
                [],
                [all with { Count = 19 }],
                [all with { Count = 21 }],
                [all, SourceRows.Zeros(1)],
                [all with { Count = int.MaxValue }],
                [all with { Count = 10 }, all with { Count = -1 }, all with { Count = 10 }],
                [all with { Type = ElementType.F8E4M3 }],
                [all with { Count = 10 }, all with { Count = 10, Type = ElementType.I8 }],
            ];
            foreach (SourceRows[] sources in wrong)
            {
                Assert.ThrowsAny<ArgumentException>(() => packer.Pack(pools.One, matrix, sources));
            }

            packer.Pack(pools.One, matrix, [all]);
        }

        using PackedWeights packed = PackedWeights.Pack(values, 20, 8, ElementType.F32, InstructionSet.Portable, pools.One);
        Assert.True(memory.Slice(0, (int)matrix.ByteLength).SequenceEqual(new ReadOnlySpan<byte>(packed.Matrix.Block(0), (int)matrix.ByteLength)));
    }

    [Fact]
    public void MatricesOutsideTheirMemoryAreRejected()
    {
        PanelKernels kernels = PanelKernels.For(InstructionSet.Portable);
        using NativeBuffer memory = new(4096);
        long size = PackedMatrix.SizeOf(16, 16, ElementType.F32);
        Assert.Equal(1024, size);
        _ = new PackedMatrix(16, 16, ElementType.F32, memory, 4096 - size, kernels);
        Assert.ThrowsAny<ArgumentException>(() => new PackedMatrix(16, 16, ElementType.F32, memory, 4096 - size + 64, kernels));
        Assert.ThrowsAny<ArgumentException>(() => new PackedMatrix(16, 16, ElementType.F32, memory, long.MaxValue - 63, kernels));
        Assert.ThrowsAny<ArgumentException>(() => new PackedMatrix(16, 16, ElementType.F32, memory, 32, kernels));
        Assert.ThrowsAny<ArgumentException>(() => new PackedMatrix(16, 16, ElementType.F32, memory, -64, kernels));
        Assert.ThrowsAny<ArgumentException>(() => new PackedMatrix(0, 16, ElementType.F32, memory, 0, kernels));
        Assert.ThrowsAny<ArgumentException>(() => new PackedMatrix(16, 0, ElementType.F32, memory, 0, kernels));
        Assert.ThrowsAny<ArgumentException>(() => new PackedMatrix(16, 16, ElementType.F16, memory, 0, kernels));
        Assert.ThrowsAny<ArgumentException>(() => new PackedMatrix(16, 16, ElementType.F32, 4096, size - 1, memory, kernels));
        Assert.ThrowsAny<ArgumentException>(() => new PackedMatrix(16, 16, ElementType.F32, 4097, size, memory, kernels));
        Assert.ThrowsAny<ArgumentException>(() => new PackedMatrix(16, 16, ElementType.F32, 0, size, memory, kernels));
    }

    private static void AssertElements(PackedWeights weights, int rows, int columns, Func<int, int, float> source)
    {
        int perGroup = 4 * (4 / weights.Matrix.Type.Size());
        int paddedRows = (rows + 15) / 16 * 16;
        int paddedColumns = (columns + perGroup - 1) / perGroup * perGroup;
        Assert.Equal((long)paddedRows * paddedColumns * weights.Matrix.Type.Size(), weights.Matrix.ByteLength);
        for (int row = 0; row < paddedRows; row++)
        {
            for (int column = 0; column < paddedColumns; column++)
            {
                float expected = row < rows && column < columns ? source(row, column) : 0;
                if (BitConverter.SingleToInt32Bits(expected) != BitConverter.SingleToInt32Bits(weights[row, column]))
                {
                    Assert.Fail($"Row {row}, column {column} of [{rows}, {columns}] is {weights[row, column]:R}, expected {expected:R}.");
                }
            }
        }
    }

    private static float Element(ReadOnlySpan<byte> row, ElementType type, int column) => type switch
    {
        ElementType.F32 => MemoryMarshal.Read<float>(row[(column * 4)..]),
        ElementType.F16 => (float)MemoryMarshal.Read<Half>(row[(column * 2)..]),
        _ => Conversion.ToSingle(MemoryMarshal.Read<ushort>(row[(column * 2)..])),
    };
}
