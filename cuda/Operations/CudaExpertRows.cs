using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>Groups of rows whose sizes the host decides.</summary>
/// <param name="starts">Device memory for the first row of each group, and the end.</param>
internal sealed class CudaExpertRows(CudaArray<int> starts) : IExpertRows, ICudaRowGroups
{
    private readonly int[] _counts = new int[starts.Length - 1];
    private readonly int[] _starts = new int[starts.Length];
    private int _groups;

    /// <inheritdoc/>
    public int FirstExpert { get; private set; }

    /// <inheritdoc/>
    public ReadOnlySpan<int> Counts => _counts.AsSpan(0, _groups);

    /// <inheritdoc/>
    public bool AreCountsKnown => true;

    /// <inheritdoc/>
    public (int Experts, ProductTokens Tokens) Ranges { get; private set; }

    /// <inheritdoc/>
    public void Set(int firstExpert, ReadOnlySpan<int> counts)
    {
        counts.CopyTo(_counts);
        (FirstExpert, _groups) = (firstExpert, counts.Length);
        int most = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            _starts[i + 1] = _starts[i] + counts[i];
            most = Math.Max(most, counts[i]);
        }

        starts.CopyIn(_starts.AsSpan(0, counts.Length + 1));
        Ranges = (counts.Length, new ProductTokens(most, _starts[counts.Length], starts.Address));
    }

    /// <inheritdoc/>
    public void Dispose() => starts.Dispose();
}
