using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Products;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>Submits products as they are added: the products of a run do not depend on each other, and those of a stream run in order anyway.</summary>
internal sealed class CudaProducts(ProductLauncher launcher, nint stream) : IMatrixProducts
{
    /// <inheritdoc/>
    public void Add(IMatrix weights, IActivation x, IActivation y, int rows, Epilogue epilogue)
    {
        DeviceMatrix matrix = ((CudaMatrix)weights).Matrix;
        Check(matrix, x, y, rows, epilogue);
        if (rows > 0)
        {
            Launch(matrix, ProductTokens.All(rows), x, y, epilogue);
        }
    }

    /// <inheritdoc/>
    public void AddExperts(IMatrixTable weights, IRowGroups groups, ReadOnlySpan<bool> local, IActivation x, IActivation y, Epilogue epilogue)
    {
        (int count, ProductTokens tokens) = ((ICudaRowGroups)groups).Ranges;
        if (tokens.Total > 0 && ((CudaMatrixTable)weights).Select(groups.FirstExpert, count, local) is { } matrices)
        {
            Check(matrices, x, y, tokens.Total, epilogue);
            Launch(matrices, tokens, x, y, epilogue);
        }
    }

    /// <inheritdoc/>
    public void Run()
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private static void Check(DeviceMatrix matrix, IActivation x, IActivation y, long rows, Epilogue epilogue)
    {
        if (matrix.Layout.IsPaired != (epilogue == Epilogue.SwiGlu))
        {
            throw new ArgumentException($"{epilogue} does not fit a matrix {(matrix.Layout.IsPaired ? "with" : "without")} pairs of rows.", nameof(epilogue));
        }

        Check((CudaActivation)x, rows, matrix.Layout.Columns, nameof(x));
        Check((CudaActivation)y, rows, matrix.Layout.Outputs, nameof(y));
    }

    private static void Check(CudaActivation buffer, long rows, int columns, string name)
    {
        buffer.Check(0, (int)Math.Min(rows, int.MaxValue), name);
        if (buffer.Columns != columns)
        {
            throw new ArgumentException($"Rows have {buffer.Columns} columns instead of {columns}.", name);
        }
    }

    private void Launch(DeviceMatrix matrix, in ProductTokens tokens, IActivation x, IActivation y, Epilogue epilogue) =>
        launcher.Launch(matrix, tokens, Rows((CudaActivation)x), Rows((CudaActivation)y), epilogue == Epilogue.Add, stream);

    private static DeviceRows Rows(CudaActivation buffer) => new(buffer.Address, buffer.Stride, buffer.Type);
}
