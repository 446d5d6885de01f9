namespace HunyuanOrleans.Kernels.Devices;

/// <summary>Groups of rows in the memory of this process.</summary>
internal sealed class HostExpertRows(int experts) : IExpertRows
{
    private readonly int[] _counts = new int[experts];
    private int _groups;

    /// <inheritdoc/>
    public int FirstExpert { get; private set; }

    /// <inheritdoc/>
    public ReadOnlySpan<int> Counts => _counts.AsSpan(0, _groups);

    /// <inheritdoc/>
    public bool AreCountsKnown => true;

    /// <inheritdoc/>
    public void Set(int firstExpert, ReadOnlySpan<int> counts)
    {
        counts.CopyTo(_counts);
        (FirstExpert, _groups) = (firstExpert, counts.Length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
