using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Packing;
using HunyuanOrleans.Cuda.Tests.Products;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Threading;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Packing;

public sealed unsafe class CudaMatrixPackerTests : IDisposable
{
    private readonly WorkerPool _pool = new(2, pin: false);
    private readonly CudaMatrixPacker _packer = new();

    public static TheoryData<ElementType, bool> Forms()
    {
        TheoryData<ElementType, bool> forms = [];
        foreach (ElementType type in new[] { ElementType.F32, ElementType.BF16, ElementType.I8, ElementType.F8E4M3, ElementType.I4 })
        {
            forms.Add(type, false);
            forms.Add(type, true);
        }

        return forms;
    }

    public void Dispose()
    {
        _packer.Dispose();
        _pool.Dispose();
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Every_weight_is_in_its_place_and_the_padding_is_zero(ElementType type, bool paired)
    {
        ProductMatrix matrix = new(54, 75, type, paired, seed: 1);
        CudaMatrixLayout layout = matrix.Layout;
        PackedValues packed = new(layout, matrix.Pack());
        int columns = type == ElementType.F32 ? layout.PaddedColumns : layout.ColumnTiles * CudaMatrixLayout.TileColumns;
        for (int packedRow = 0; packedRow < layout.RowTiles * CudaMatrixLayout.TileRows; packedRow++)
        {
            int row = SourceRow(layout, packedRow);
            for (int column = 0; column < columns; column++)
            {
                double expected = row < 0 || column >= layout.Columns ? 0 : matrix.Values[(row * layout.Columns) + column];
                Assert.Equal(expected, packed.At(packedRow, column));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Parts_are_the_same_as_the_whole(ElementType type, bool paired)
    {
        CudaMatrixLayout layout = CudaMatrixLayout.Of(54, 75, type, paired);
        float[] source = [.. Enumerable.Range(0, layout.Rows * layout.Columns).Select(static i => MathF.Sin(i))];
        byte[] whole = Pack(layout, source, 0, layout.RowTiles);
        byte[] first = Pack(layout, source, 0, 1);
        byte[] rest = Pack(layout, source, 1, layout.RowTiles - 1);
        int firstWeights = (int)layout.WeightTileBytes;
        int restWeights = (int)(layout.WeightBytes - layout.WeightTileBytes);
        byte[] joined =
        [
            .. first.AsSpan(0, firstWeights), .. rest.AsSpan(0, restWeights),
            .. first.AsSpan(firstWeights), .. rest.AsSpan(restWeights),
        ];
        Assert.Equal(whole, joined);
    }

    [Theory]
    [InlineData(ElementType.I8)]
    [InlineData(ElementType.F8E4M3)]
    [InlineData(ElementType.I4)]
    public void Stored_codes_are_packed_as_the_rows_that_they_came_from(ElementType type)
    {
        const int Rows = 20;
        const int Columns = 64;
        float[] source = [.. Enumerable.Range(0, Rows * Columns).Select(static i => MathF.Cos(i))];
        byte[] codes = new byte[Rows * WeightQuantizer.CodeBytes(type, Columns)];
        byte[] scales = new byte[Rows * WeightQuantizer.ScaleBytes(type, Columns)];
        WeightQuantizer.Quantize(type, MemoryMarshal.AsBytes<float>(source), ElementType.F32, Columns, codes, scales);
        CudaMatrixLayout layout = CudaMatrixLayout.Of(Rows, Columns, type);
        byte[] expected = Pack(layout, source, 0, layout.RowTiles);
        fixed (byte* code = codes)
        fixed (byte* scale = scales)
        {
            SourceRows rows = new((nint)code, codes.Length / Rows, Rows, type)
            {
                Scales = new SourceScales((nint)scale, scales.Length / Rows, type == ElementType.I4 ? ElementType.F16 : ElementType.F32),
            };
            Assert.Equal(expected, Pack(layout, [rows], 0, layout.RowTiles));
        }
    }

    [Fact]
    public void A_row_with_an_e4m3_code_for_NaN_gets_the_scale_NaN()
    {
        byte[] codes = [0x38, 0x7F, 0x38, 0x38];
        float[] scales = [1, 1];
        CudaMatrixLayout layout = CudaMatrixLayout.Of(2, 2, ElementType.F8E4M3);
        fixed (byte* code = codes)
        fixed (float* scale = scales)
        {
            SourceRows rows = new((nint)code, 2, 2, ElementType.F8E4M3) { Scales = new SourceScales((nint)scale, sizeof(float), ElementType.F32) };
            Span<float> packed = MemoryMarshal.Cast<byte, float>(Pack(layout, [rows], 0, 1).AsSpan((int)layout.WeightBytes));
            Assert.Equal([float.NaN, 1f], packed[..2].ToArray());
        }
    }

    [Fact]
    public void Rows_that_do_not_fit_the_matrix_are_refused()
    {
        CudaMatrixLayout layout = CudaMatrixLayout.Of(17, 32, ElementType.BF16);
        byte[] weights = new byte[layout.WeightBytes];
        Assert.Throws<ArgumentException>(() => _packer.Pack(_pool, layout, [SourceRows.Zeros(16)], 0, 2, weights, []));
        Assert.Throws<ArgumentException>(() => _packer.Pack(_pool, layout, [SourceRows.Zeros(17)], 0, 1, weights, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => _packer.Pack(_pool, layout, [SourceRows.Zeros(17)], 1, 2, weights, []));
        Assert.Throws<ArgumentException>(static () => CudaMatrixLayout.Of(17, 32, ElementType.BF16, paired: true));
        Assert.Throws<ArgumentOutOfRangeException>(static () => CudaMatrixLayout.Of(16, 32, ElementType.F16));
    }

    private static int SourceRow(in CudaMatrixLayout layout, int packedRow)
    {
        if (!layout.IsPaired)
        {
            return packedRow < layout.Rows ? packedRow : -1;
        }

        int output = (packedRow / 16 * 8) + (packedRow % 8);
        return output >= layout.Outputs ? -1 : output + (packedRow % 16 < 8 ? 0 : layout.Outputs);
    }

    private byte[] Pack(in CudaMatrixLayout layout, float[] source, int first, int tiles)
    {
        fixed (float* address = source)
        {
            // Two parts, as a checkpoint may store the gate apart from the other projection.
            int half = layout.Rows / 2;
            SourceRows upper = new((nint)address, layout.Columns * sizeof(float), half, ElementType.F32);
            SourceRows lower = new((nint)(address + (half * layout.Columns)), layout.Columns * sizeof(float), layout.Rows - half, ElementType.F32);
            return Pack(layout, [upper, lower], first, tiles);
        }
    }

    private byte[] Pack(in CudaMatrixLayout layout, SourceRows[] sources, int first, int tiles)
    {
        byte[] packed = new byte[tiles * (layout.WeightTileBytes + layout.ScaleTileBytes)];
        int weights = (int)(tiles * layout.WeightTileBytes);
        _packer.Pack(_pool, layout, sources, first, tiles, packed.AsSpan(0, weights), packed.AsSpan(weights));
        return packed;
    }
}
