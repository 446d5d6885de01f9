namespace HunyuanOrleans.Bench.Counts;

/// <summary>What the data sheet of a GPU says. Clocks are those that the sheet's peaks follow from.</summary>
/// <param name="Name">The name.</param>
/// <param name="BytesPerSecond">Speed of its memory.</param>
/// <param name="Multiprocessors">Number of multiprocessors.</param>
/// <param name="Hertz">Cycles per second.</param>
/// <param name="TensorOperations">Operations in bf16 per second on tensor cores, two for each multiplication and addition.</param>
internal sealed record GpuSheet(string Name, double BytesPerSecond, int Multiprocessors, double Hertz, double TensorOperations)
{
    // A multiprocessor has four schedulers, and each begins one instruction of a warp in a cycle.
    private const int Schedulers = 4;

    // The part of the peak that mma.sync reaches where wgmma would reach all of it. Assumed.
    private const double SyncPart = 0.6;

    /// <summary>The GPUs that docs/scale.md computes speeds for.</summary>
    public static readonly GpuSheet[] All =
    [
        new("H20", 4.0e12, 78, 1.98e9, 148e12),
        new("H100", 3.35e12, 132, 1.83e9, 989e12),
        new("H200", 4.8e12, 132, 1.83e9, 989e12),
    ];

    /// <summary>Seconds of a kernel that overlaps reading, multiplying and all else, so that the slowest of them decides.</summary>
    /// <param name="bytes">Bytes read from memory.</param>
    /// <param name="operations">Multiplications and additions on tensor cores.</param>
    /// <param name="instructions">Instructions of warps.</param>
    public double Seconds(double bytes, double operations, double instructions) => Math.Max(
        bytes / BytesPerSecond,
        Math.Max(operations / (SyncPart * TensorOperations), instructions / (Schedulers * Multiprocessors * Hertz)));
}
