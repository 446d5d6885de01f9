using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model.Loading;

/// <summary>
/// Lists the packed matrices that the parts of a model need, in a fixed order and with their offsets in one region of memory. It is made
/// before any weight is read; <see cref="WeightLoader"/> then fills the region.
/// </summary>
/// <param name="types">The element types of the model's matrices.</param>
/// <param name="piece">Name of the model's piece that is planned, valid as a file name; null (default) for a whole model.</param>
public sealed class WeightPlan(WeightTypes types, string? piece = null)
{
    private readonly List<PlannedMatrix> _matrices = [];

    /// <summary>The element types of the model's matrices.</summary>
    public WeightTypes Types { get; } = types;

    /// <summary>Name of the model's piece that is planned; null for a whole model.</summary>
    public string? Piece { get; } = piece;

    /// <summary>All planned matrices, in order of their offsets.</summary>
    public IReadOnlyList<PlannedMatrix> Matrices => _matrices;

    /// <summary>Size of the region in bytes.</summary>
    public long TotalBytes { get; private set; }

    /// <summary>Adds one matrix that concatenates the rows of several logical matrices.</summary>
    /// <param name="sources">Matrices with the same number of columns and the same type after packing.</param>
    public PlannedMatrix Add(params ReadOnlySpan<RowSource> sources)
    {
        List<SourceRows> rows = [];
        int total = 0;
        foreach (RowSource source in sources)
        {
            rows.AddRange(PackSources.Of(source));
            total += source.Rows;
        }

        return Add(sources[0].Name, total, sources[0].Columns, Types.TypeOf(sources[0].Module), rows, InputScale(sources));
    }

    /// <summary>Adds lm_head, whose rows are those of the embedding in a tied model.</summary>
    public PlannedMatrix AddHead(RowSource source) =>
        Add(source.Name, source.Rows, source.Columns, Types.TypeOf(WeightNames.Module(WeightNames.LmHead)), [.. PackSources.Of(source)], InputScale(source));

    /// <summary>Adds a matrix that is float32 in every mode, such as a router.</summary>
    public PlannedMatrix AddFloat32(RowSource source) =>
        Add(source.Name, source.Rows, source.Columns, ElementType.F32, [.. PackSources.Of(source)], 0);

    /// <summary>Adds gate and up of an MLP, interleaved in blocks of 64 rows as the SwiGlu epilogue reads them.</summary>
    public PlannedMatrix AddGateUp(MlpRows mlp)
    {
        List<SourceRows> rows = PackSources.Interleave(mlp.Gate, mlp.Up);
        return Add(mlp.Gate.Name, rows.Sum(r => r.Count), mlp.Gate.Columns, Types.TypeOf(mlp.Gate.Module), rows, InputScale(mlp.Gate, mlp.Up));
    }

    // Matrices that are computed together share one quantised input, while each keeps the scales of its weights. Of different input scales
    // the largest is used, as in the vendor's runtime, because it clips no input.
    private static float InputScale(params ReadOnlySpan<RowSource> sources)
    {
        float largest = 0;
        foreach (RowSource source in sources)
        {
            foreach (RowRange range in source.Ranges)
            {
                largest = Math.Max(largest, range.Scales?.InputScale ?? 0);
            }
        }

        return largest;
    }

    private PlannedMatrix Add(string name, int rows, int columns, ElementType type, IReadOnlyList<SourceRows> sources, float inputScale)
    {
        PlannedMatrix matrix = new(name, rows, columns, type, TotalBytes, sources) { InputScale = inputScale };
        _matrices.Add(matrix);
        TotalBytes += matrix.AlignedByteLength;
        return matrix;
    }
}

/// <summary>A matrix of a <see cref="WeightPlan"/>, which is loaded later.</summary>
/// <param name="name">Name of its first tensor, for messages.</param>
/// <param name="rows">Number of packed rows.</param>
/// <param name="columns">Number of columns.</param>
/// <param name="type">Element type after packing.</param>
/// <param name="offset">Offset in the region, in bytes.</param>
/// <param name="sources">The checkpoint rows it is packed from.</param>
public sealed class PlannedMatrix(string name, int rows, int columns, ElementType type, long offset, IReadOnlyList<SourceRows> sources)
{
    // One page, so that the region can also be a mapped file.
    private const long Alignment = 4096;

    private PackedMatrix? _matrix;

    /// <summary>Name of its first tensor.</summary>
    public string Name { get; } = name;

    /// <summary>Number of packed rows.</summary>
    public int Rows { get; } = rows;

    /// <summary>Number of columns.</summary>
    public int Columns { get; } = columns;

    /// <summary>Element type after packing.</summary>
    public ElementType Type { get; } = type;

    /// <summary>Offset in the region, in bytes.</summary>
    public long Offset { get; } = offset;

    /// <summary>Size in bytes after packing.</summary>
    public long ByteLength { get; } = PackedMatrix.SizeOf(rows, columns, type);

    /// <summary>Size in bytes including the padding before the next matrix.</summary>
    public long AlignedByteLength => (ByteLength + Alignment - 1) / Alignment * Alignment;

    /// <summary>The checkpoint rows it is packed from.</summary>
    public IReadOnlyList<SourceRows> Sources { get; } = sources;

    /// <summary>
    /// The input is divided by this value before it is quantised; 0 if the scale of each input row is computed from the row.
    /// </summary>
    public float InputScale { get; init; }

    /// <summary>The loaded matrix.</summary>
    /// <exception cref="InvalidOperationException">The matrix is not loaded yet.</exception>
    public PackedMatrix Matrix
    {
        get => _matrix ?? throw new InvalidOperationException($"The weights of {Name} are not loaded yet.");
        internal set => _matrix = value;
    }
}
