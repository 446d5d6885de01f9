using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Compilation;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Kernels;
using HunyuanOrleans.Cuda.Packing;
using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Cuda.Products;

/// <summary>
/// Launches matrix products: y[token][row] = sum over k of x[token][k] * w[row][k]. A result depends on its token and its row only: it has the same
/// bits whatever the number of tokens and whichever kernel computes it. Thread-safe.
/// </summary>
internal sealed class ProductLauncher(ICudaDriver driver, KernelLoader loader)
{
    private readonly Dictionary<ProductKernel, CudaFunction> _functions = ProductKernel.All.ToDictionary(
        static kernel => kernel, kernel => new CudaFunction(driver, loader, kernel.Kernel, kernel.SharedBytes));

    /// <summary>Submits a product.</summary>
    /// <param name="matrix">The weights, or those of all experts.</param>
    /// <param name="tokens">The rows of activations and results that belong to it.</param>
    /// <param name="x">The activations: bf16, or with float32 weights also float32.</param>
    /// <param name="y">The results.</param>
    /// <param name="accumulate">Whether the results, float32, are added to what is there. A paired matrix does not support it.</param>
    /// <param name="stream">The stream.</param>
    /// <exception cref="ArgumentException">The types or strides do not fit.</exception>
    public void Launch(DeviceMatrix matrix, in ProductTokens tokens, in DeviceRows x, in DeviceRows y, bool accumulate, nint stream) =>
        Launch(matrix, tokens, x, y, accumulate, ProductShapes.Choose(matrix, tokens, driver.Device.Multiprocessors), stream);

    /// <summary>Submits a product with a shape of kernel.</summary>
    internal void Launch(DeviceMatrix matrix, in ProductTokens tokens, in DeviceRows x, in DeviceRows y, bool accumulate, ProductShape shape, nint stream)
    {
        CudaMatrixLayout layout = matrix.Layout;
        Check(matrix, tokens, x, y, accumulate);
        ProductArguments arguments = new()
        {
            Table = matrix.Table,
            Weights = matrix.Weights,
            Scales = matrix.Scales,
            Starts = tokens.Starts,
            X = x.Address,
            Y = y.Address,
            XStride = x.Stride,
            YStride = y.Stride,
            Tokens = tokens.Most,
            Experts = matrix.Experts,
            Rows = layout.Outputs,
            RowTiles = layout.RowTiles,
            ColumnTiles = layout.Type == ElementType.F32 ? layout.PaddedColumns : layout.ColumnTiles,
            Epilogue = Epilogue(layout.IsPaired, y.Type, accumulate),
        };
        ProductKernel kernel = ProductKernel.For(layout.Type, x.Type, shape);
        CudaGrid grid = kernel.Grid(layout, tokens.Most, (int)Math.Min(matrix.Experts, tokens.Total));
        _functions[kernel].LaunchAsync(grid, stream, MemoryMarshal.AsBytes(new ReadOnlySpan<ProductArguments>(in arguments)));
    }

    private static int Epilogue(bool paired, ElementType results, bool accumulate) => (paired, results) switch
    {
        (true, ElementType.BF16) => ProductEpilogue.SwiGluBf16,
        (true, _) => ProductEpilogue.SwiGluFloat32,
        (false, ElementType.BF16) => ProductEpilogue.Bf16,
        _ => accumulate ? ProductEpilogue.AddToFloat32 : ProductEpilogue.Float32,
    };

    private static void Check(DeviceMatrix matrix, in ProductTokens tokens, in DeviceRows x, in DeviceRows y, bool accumulate)
    {
        CudaMatrixLayout layout = matrix.Layout;
        if (x.Type != ElementType.BF16 && !(x.Type == ElementType.F32 && layout.Type == ElementType.F32))
        {
            throw new ArgumentException($"{layout.Type} weights cannot be multiplied with {x.Type} activations.", nameof(x));
        }

        if (x.Stride % 64 != 0 || x.Stride < layout.Columns * x.Type.Size())
        {
            throw new ArgumentException($"A stride of {x.Stride} bytes does not fit {layout.Columns} columns of {x.Type}.", nameof(x));
        }

        if (y.Type is not (ElementType.BF16 or ElementType.F32) || y.Stride % 4 != 0 || y.Stride < layout.Outputs * y.Type.Size())
        {
            throw new ArgumentException($"A stride of {y.Stride} bytes does not fit {layout.Outputs} results of {y.Type}.", nameof(y));
        }

        if (accumulate && (layout.IsPaired || y.Type != ElementType.F32))
        {
            throw new ArgumentException("Only float32 results of a matrix without pairs can be added to what is there.", nameof(accumulate));
        }

        if (tokens.Starts == 0 && matrix.Experts != 1)
        {
            throw new ArgumentException($"{matrix.Experts} experts need the ranges of their tokens.", nameof(tokens));
        }
    }
}
