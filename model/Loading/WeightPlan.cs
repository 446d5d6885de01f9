using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model.Loading;

/// <summary>
/// The packed matrices that the parts of a model will need, in a fixed order with their places in one region of memory, before
/// anything is read. Whoever fills the region (packing from a checkpoint, or mapping a packed copy) goes by this list.
/// </summary>
/// <param name="types">Types of the weights.</param>
/// <param name="piece">Name of the piece of the model that it is of, fit for a file; null (default) where it is of a whole model.</param>
public sealed class WeightPlan(WeightTypes types, string? piece = null)
{
    private readonly List<PlannedMatrix> _matrices = [];

    /// <summary>Types of the weights.</summary>
    public WeightTypes Types { get; } = types;

    /// <summary>Name of the piece of the model that it is of; null where it is of a whole model.</summary>
    public string? Piece { get; } = piece;

    /// <summary>Every planned matrix in order of its offset.</summary>
    public IReadOnlyList<PlannedMatrix> Matrices => _matrices;

    /// <summary>Bytes of the region.</summary>
    public long TotalBytes { get; private set; }

    /// <summary>Plans the rows of several logical matrices under each other.</summary>
    /// <param name="sources">Matrices of equally many columns, and of one type once packed.</param>
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

    /// <summary>Plans lm_head, which may be the embedding's rows.</summary>
    public PlannedMatrix AddHead(RowSource source) =>
        Add(source.Name, source.Rows, source.Columns, Types.TypeOf(WeightNames.Module(WeightNames.LmHead)), [.. PackSources.Of(source)], InputScale(source));

    /// <summary>Plans a float32 matrix whatever the mode (routers).</summary>
    public PlannedMatrix AddFloat32(RowSource source) =>
        Add(source.Name, source.Rows, source.Columns, ElementType.F32, [.. PackSources.Of(source)], 0);

    /// <summary>Plans gate and up of an MLP, interleaved in blocks of 64 rows as the SwiGlu epilogue reads them.</summary>
    public PlannedMatrix AddGateUp(MlpRows mlp)
    {
        List<SourceRows> rows = PackSources.Interleave(mlp.Gate, mlp.Up);
        return Add(mlp.Gate.Name, rows.Sum(r => r.Count), mlp.Gate.Columns, Types.TypeOf(mlp.Gate.Module), rows, InputScale(mlp.Gate, mlp.Up));
    }

    // Matrices computed together quantise their input once. Each keeps the scale of its own weights; of differing input scales the largest is
    // taken, as the vendor's runtime does, since it is the one that cuts no input off.
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

/// <summary>A matrix that is loaded later.</summary>
/// <param name="name">Its first tensor, for messages.</param>
/// <param name="rows">Packed rows.</param>
/// <param name="columns">Columns.</param>
/// <param name="type">Element type after packing.</param>
/// <param name="offset">Where it lies in the region.</param>
/// <param name="sources">Where its rows come from.</param>
public sealed class PlannedMatrix(string name, int rows, int columns, ElementType type, long offset, IReadOnlyList<SourceRows> sources)
{
    // A page, so that a region can also be a mapped file.
    private const long Alignment = 4096;

    private PackedMatrix? _matrix;

    /// <summary>Its first tensor's name.</summary>
    public string Name { get; } = name;

    /// <summary>Packed rows.</summary>
    public int Rows { get; } = rows;

    /// <summary>Columns.</summary>
    public int Columns { get; } = columns;

    /// <summary>Element type after packing.</summary>
    public ElementType Type { get; } = type;

    /// <summary>Where it lies in the region, in bytes.</summary>
    public long Offset { get; } = offset;

    /// <summary>Bytes after packing.</summary>
    public long ByteLength { get; } = PackedMatrix.SizeOf(rows, columns, type);

    /// <summary>Bytes up to the next matrix in the region.</summary>
    public long AlignedByteLength => (ByteLength + Alignment - 1) / Alignment * Alignment;

    /// <summary>Where its rows come from.</summary>
    public IReadOnlyList<SourceRows> Sources { get; } = sources;

    /// <summary>What its input is divided by before it is quantised; 0 where each row of the input has a scale of its own.</summary>
    public float InputScale { get; init; }

    /// <summary>The loaded matrix.</summary>
    /// <exception cref="InvalidOperationException">It is not loaded yet.</exception>
    public PackedMatrix Matrix
    {
        get => _matrix ?? throw new InvalidOperationException($"The weights of {Name} are not loaded yet.");
        internal set => _matrix = value;
    }
}
