namespace HunyuanOrleans.Kernels.Devices;

/// <summary>Consecutive rows that are divided among consecutive experts.</summary>
public interface IRowGroups
{
    /// <summary>Number of the first expert.</summary>
    int FirstExpert { get; }

    /// <summary>Rows for each expert from <see cref="FirstExpert"/>. Reading it may have to wait for the device.</summary>
    ReadOnlySpan<int> Counts { get; }

    /// <summary>Whether the counts can be read without waiting for the device.</summary>
    bool AreCountsKnown { get; }
}
