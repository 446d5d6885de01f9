using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Packing;

namespace HunyuanOrleans.Model.Loading;

/// <summary>A matrix of a <see cref="WeightPlan"/>, which is loaded later.</summary>
/// <param name="name">Name of its first tensor, for messages.</param>
/// <param name="source">What it is packed from.</param>
/// <param name="offset">Offset in the region, in bytes.</param>
/// <param name="bytes">Size in bytes after packing.</param>
public sealed class PlannedMatrix(string name, MatrixSource source, long offset, long bytes)
{
    // One page, so that the region can also be a mapped file.
    private const long Alignment = 4096;

    private IMatrix? _matrix;

    /// <summary>Name of its first tensor.</summary>
    public string Name { get; } = name;

    /// <summary>What it is packed from.</summary>
    public MatrixSource Source { get; } = source;

    /// <summary>Number of packed rows.</summary>
    public int Rows => Source.Rows;

    /// <summary>Number of columns.</summary>
    public int Columns => Source.Columns;

    /// <summary>Element type after packing.</summary>
    public ElementType Type => Source.Type;

    /// <summary>Offset in the region, in bytes.</summary>
    public long Offset { get; } = offset;

    /// <summary>Size in bytes after packing.</summary>
    public long ByteLength { get; } = bytes;

    /// <summary>Size in bytes including the padding before the next matrix.</summary>
    public long AlignedByteLength => (ByteLength + Alignment - 1) / Alignment * Alignment;

    /// <summary>The checkpoint rows it is packed from.</summary>
    public IReadOnlyList<SourceRows> Sources => Source.Sources;

    /// <summary>
    /// The input is divided by this value before it is quantised; 0 if the scale of each input row is computed from the row.
    /// </summary>
    public float InputScale => Source.InputScale;

    /// <summary>The loaded matrix.</summary>
    /// <exception cref="InvalidOperationException">The matrix is not loaded yet.</exception>
    public IMatrix Matrix
    {
        get => _matrix ?? throw new InvalidOperationException($"The weights of {Name} are not loaded yet.");
        internal set => _matrix = value;
    }
}
