namespace HunyuanOrleans.Ptx.Driver;

/// <summary>What the launches of a kernel did together.</summary>
public sealed class KernelStatistics
{
    /// <summary>Number of launches.</summary>
    public long Launches { get; internal set; }

    /// <summary>Number of blocks.</summary>
    public long Blocks { get; internal set; }

    /// <summary>Instructions, each counted once for a warp.</summary>
    public long Instructions { get; internal set; }

    /// <summary>Bytes read from device memory, each as often as a lane read it.</summary>
    public long GlobalBytesRead { get; internal set; }

    /// <summary>Bytes written to device memory.</summary>
    public long GlobalBytesWritten { get; internal set; }

    /// <summary>Bytes read from shared memory.</summary>
    public long SharedBytesRead { get; internal set; }

    /// <summary>Bytes written to shared memory.</summary>
    public long SharedBytesWritten { get; internal set; }

    /// <summary>Products of tiles on tensor cores.</summary>
    public long TensorProducts { get; internal set; }

    /// <summary>Adds those of others.</summary>
    internal void Add(KernelStatistics other)
    {
        Launches += other.Launches;
        Blocks += other.Blocks;
        Instructions += other.Instructions;
        GlobalBytesRead += other.GlobalBytesRead;
        GlobalBytesWritten += other.GlobalBytesWritten;
        SharedBytesRead += other.SharedBytesRead;
        SharedBytesWritten += other.SharedBytesWritten;
        TensorProducts += other.TensorProducts;
    }
}
