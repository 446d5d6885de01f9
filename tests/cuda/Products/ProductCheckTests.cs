using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Cuda.Packing;
using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Ptx.Driver;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Products;

/// <summary>A product that does not fit its buffers is refused before it reaches the device, which could not be used after it.</summary>
public sealed class ProductCheckTests : IDisposable
{
    private const int Outputs = 16;
    private const int Columns = 32;
    private readonly CudaComputeDevice _device = new(new PtxDriver());
    private readonly IMatrixProducts _products;
    private readonly IDeviceMemory _memory;
    private readonly CudaMatrix _matrix;

    public ProductCheckTests()
    {
        CudaMatrixLayout layout = CudaMatrixLayout.Of(Outputs, Columns, ElementType.BF16);
        _products = _device.CreateProducts(1);
        _memory = _device.Loader.Allocate(layout.ByteLength);
        _matrix = new CudaMatrix(DeviceMatrix.At(layout, ((CudaMemory)_memory).Address));
    }

    public void Dispose()
    {
        _memory.Dispose();
        _products.Dispose();
        _device.Dispose();
    }

    [Theory]
    [InlineData(4, Columns, 4, Outputs, 5)]
    [InlineData(5, Columns, 4, Outputs, 5)]
    [InlineData(4, Columns, 5, Outputs, 5)]
    [InlineData(4, Columns, 4, Outputs, -1)]
    [InlineData(4, Columns - 8, 4, Outputs, 4)]
    [InlineData(4, Columns + 8, 4, Outputs, 4)]
    [InlineData(4, Columns, 4, Outputs - 4, 4)]
    [InlineData(4, Columns, 4, Outputs + 4, 4)]
    public void Products_that_do_not_fit_are_refused(int xRows, int xColumns, int yRows, int yColumns, int rows)
    {
        using IActivation x = _device.CreateActivation(xRows, xColumns, ElementType.BF16);
        using IActivation y = _device.CreateActivation(yRows, yColumns, ElementType.F32);
        Assert.ThrowsAny<ArgumentException>(() => _products.Add(_matrix, x, y, rows, Epilogue.Store));
        Assert.ThrowsAny<ArgumentException>(() => _products.Add(_matrix, x, y, rows, Epilogue.SwiGlu));
        _device.Synchronize();
    }

    [Theory]
    [InlineData(4, Columns, 5, Outputs)]
    [InlineData(5, Columns, 4, Outputs)]
    [InlineData(5, Columns - 8, 5, Outputs)]
    [InlineData(5, Columns, 5, Outputs - 4)]
    public void Products_of_experts_that_do_not_fit_are_refused(int xRows, int xColumns, int yRows, int yColumns)
    {
        using IMatrixTable table = _device.CreateTable(2);
        (table[0], table[1]) = (_matrix, _matrix);
        using IExpertRows groups = _device.CreateExpertRows(2);
        groups.Set(0, [3, 2]);
        using IActivation x = _device.CreateActivation(xRows, xColumns, ElementType.BF16);
        using IActivation y = _device.CreateActivation(yRows, yColumns, ElementType.F32);
        Assert.ThrowsAny<ArgumentException>(() => _products.AddExperts(table, groups, [], x, y, Epilogue.Store));
        _device.Synchronize();
    }
}
