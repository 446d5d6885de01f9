namespace HunyuanOrleans.Kernels.Devices;

/// <summary>A table of matrices in the memory of this process.</summary>
internal sealed class HostMatrixTable(int count) : IMatrixTable
{
    private readonly IMatrix?[] _matrices = new IMatrix?[count];

    /// <inheritdoc/>
    public int Count => _matrices.Length;

    /// <inheritdoc/>
    public IMatrix? this[int expert]
    {
        get => _matrices[expert];
        set => _matrices[expert] = value;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
