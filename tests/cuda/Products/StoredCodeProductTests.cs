using HunyuanOrleans.Cuda.Packing;
using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Threading;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Products;

public sealed unsafe class StoredCodeProductTests(ProductDevice device) : IClassFixture<ProductDevice>, IDisposable
{
    private const int Rows = 16;
    private const int Columns = 256;

    public void Dispose() => device.FreeAll();

    [Fact]
    public void Every_int8_code_is_multiplied_exactly() =>
        Check(ElementType.I8, Columns, static (row, column) => (byte)(column + (row * 16)), static code => (sbyte)code);

    [Fact]
    public void Every_e4m3_code_is_multiplied_exactly() => Check(
        ElementType.F8E4M3,
        Columns,
        static (row, column) => (column + (row * 16)) % 128 == 127 ? (byte)0 : (byte)(column + (row * 16)),
        static code => (float)ProductMatrix.E4M3Value(code));

    [Fact]
    public void Every_int4_code_is_multiplied_exactly() => Check(
        ElementType.I4,
        Columns / 2,
        static (row, at) => (byte)(((row + at) & 0xF) | (((row + at + 8) & 0xF) << 4)),
        static code => code - 8);

    // A token with a one in one column gets the weights of that column. The scale is the smallest float16.
    private void Check(ElementType type, int codeBytes, Func<int, int, byte> codeAt, Func<byte, float> valueOf)
    {
        CudaMatrixLayout layout = CudaMatrixLayout.Of(Rows, Columns, type);
        byte[] codes = [.. Enumerable.Range(0, Rows * codeBytes).Select(i => codeAt(i / codeBytes, i % codeBytes))];
        Half[] scales = [.. Enumerable.Repeat(Half.Epsilon, Rows * Columns / 32)];
        byte[] packed = new byte[layout.ByteLength];
        using WorkerPool pool = new(1, pin: false);
        using CudaMatrixPacker packer = new();
        fixed (byte* code = codes)
        fixed (Half* scale = scales)
        {
            SourceRows rows = new((nint)code, codeBytes, Rows, type)
            {
                Scales = new SourceScales((nint)scale, Columns / 32 * sizeof(Half), ElementType.F16),
            };
            packer.Pack(pool, layout, [rows], 0, 1, packed.AsSpan(0, (int)layout.WeightBytes), packed.AsSpan((int)layout.ScaleOffset, (int)layout.ScaleBytes));
        }

        float[] x = [.. Enumerable.Range(0, Columns * Columns).Select(static i => i / Columns == i % Columns ? 1f : 0f)];
        float[] results = new ProductRun(device).Multiply(
            DeviceMatrix.At(layout, device.Upload<byte>(packed)), ProductTokens.All(Columns), x, ElementType.BF16, ElementType.F32, false, ProductShape.Prefill);
        for (int i = 0; i < results.Length; i++)
        {
            (int column, int row) = (i / Rows, i % Rows);
            byte code = type == ElementType.I4
                ? (byte)((codes[(row * codeBytes) + (column / 2)] >> (column % 2 * 4)) & 0xF)
                : codes[(row * codeBytes) + column];
            Assert.Equal(valueOf(code) * (float)Half.Epsilon, results[i]);
        }
    }
}
