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
        if (rows > 0)
        {
            Launch(((CudaMatrix)weights).Matrix, ProductTokens.All(rows), x, y, epilogue);
        }
    }

    /// <inheritdoc/>
    public void AddExperts(IMatrixTable weights, IRowGroups groups, ReadOnlySpan<bool> local, IActivation x, IActivation y, Epilogue epilogue)
    {
        (int count, ProductTokens tokens) = ((ICudaRowGroups)groups).Ranges;
        if (tokens.Total > 0 && ((CudaMatrixTable)weights).Select(groups.FirstExpert, count, local) is { } matrices)
        {
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

    private void Launch(DeviceMatrix matrix, in ProductTokens tokens, IActivation x, IActivation y, Epilogue epilogue)
    {
        if (matrix.Layout.IsPaired != (epilogue == Epilogue.SwiGlu))
        {
            throw new ArgumentException($"{epilogue} does not fit a matrix {(matrix.Layout.IsPaired ? "with" : "without")} pairs of rows.", nameof(epilogue));
        }

        launcher.Launch(matrix, tokens, Rows(x), Rows(y), epilogue == Epilogue.Add, stream);
    }

    private static DeviceRows Rows(IActivation rows)
    {
        CudaActivation buffer = (CudaActivation)rows;
        return new DeviceRows(buffer.Address, buffer.Stride, buffer.Type);
    }
}
