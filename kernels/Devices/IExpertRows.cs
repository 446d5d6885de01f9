namespace HunyuanOrleans.Kernels.Devices;

/// <summary>Groups of rows whose sizes the host decides.</summary>
public interface IExpertRows : IRowGroups, IDisposable
{
    /// <summary>Sets the groups of the next operations.</summary>
    /// <param name="firstExpert">Number of the first expert.</param>
    /// <param name="counts">Rows for each expert.</param>
    void Set(int firstExpert, ReadOnlySpan<int> counts);
}
