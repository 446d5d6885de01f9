using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
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
/// <param name="loader">Loads the matrices into a device's own memory; null (default) if they are packed for the CPU.</param>
public sealed class WeightPlan(WeightTypes types, string? piece = null, IMatrixLoader? loader = null)
{
    private readonly List<PlannedMatrix> _matrices = [];
    private readonly List<PlannedVector> _vectors = [];

    /// <summary>The element types of the model's matrices.</summary>
    public WeightTypes Types { get; } = types;

    /// <summary>Name of the model's piece that is planned; null for a whole model.</summary>
    public string? Piece { get; } = piece;

    /// <summary>All planned matrices, in order of their offsets.</summary>
    public IReadOnlyList<PlannedMatrix> Matrices => _matrices;

    /// <summary>All planned vectors.</summary>
    public IReadOnlyList<PlannedVector> Vectors => _vectors;

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

    /// <summary>
    /// Adds one of the matrices that <see cref="Add(ReadOnlySpan{RowSource})"/> would concatenate, with the type and the input scale of all of them.
    /// </summary>
    /// <param name="source">The matrix.</param>
    /// <param name="together">The matrices in their order, <paramref name="source"/> among them.</param>
    public PlannedMatrix AddPart(RowSource source, params ReadOnlySpan<RowSource> together) =>
        Add(source.Name, source.Rows, source.Columns, Types.TypeOf(together[0].Module), [.. PackSources.Of(source)], InputScale(together));

    /// <summary>Adds a vector, which does not count for <see cref="TotalBytes"/>.</summary>
    public PlannedVector AddVector(float[] values)
    {
        PlannedVector vector = new(values);
        _vectors.Add(vector);
        return vector;
    }

    /// <summary>Adds a vector that a model may lack.</summary>
    public PlannedVector? AddOptionalVector(float[]? values) => values is null ? null : AddVector(values);

    /// <summary>Adds lm_head, whose rows are those of the embedding in a tied model.</summary>
    public PlannedMatrix AddHead(RowSource source) =>
        Add(source.Name, source.Rows, source.Columns, Types.TypeOf(WeightNames.Module(WeightNames.LmHead)), [.. PackSources.Of(source)], InputScale(source));

    /// <summary>Adds a matrix that is float32 in every mode, such as a router.</summary>
    public PlannedMatrix AddFloat32(RowSource source) =>
        Add(source.Name, source.Rows, source.Columns, ElementType.F32, [.. PackSources.Of(source)], 0);

    /// <summary>Adds gate and up of an MLP as the SwiGlu epilogue reads them: for the CPU interleaved in blocks of 64 rows.</summary>
    public PlannedMatrix AddGateUp(MlpRows mlp)
    {
        List<SourceRows> rows = loader is null ? PackSources.Interleave(mlp.Gate, mlp.Up) : [.. PackSources.Of(mlp.Gate), .. PackSources.Of(mlp.Up)];
        return Add(mlp.Gate.Name, rows.Sum(r => r.Count), mlp.Gate.Columns, Types.TypeOf(mlp.Gate.Module), rows, InputScale(mlp.Gate, mlp.Up), paired: true);
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

    private PlannedMatrix Add(
        string name, int rows, int columns, ElementType type, IReadOnlyList<SourceRows> sources, float inputScale, bool paired = false)
    {
        if (loader is not null && type is ElementType.U4 or ElementType.U8 or ElementType.F8E4M3Block)
        {
            string form = type == ElementType.F8E4M3Block ? "8-bit floats with a scale for each block" : "integers with zero points, or of 8 bits with groups";
            throw new ModelException($"\"{name}\" has {form}, which GPUs do not compute; allowed: the CPU.");
        }

        long bytes = loader?.SizeOf(rows, columns, type, paired) ?? PackedMatrix.SizeOf(rows, columns, type);
        PlannedMatrix matrix = new(name, new MatrixSource(rows, columns, type, sources, inputScale, paired), TotalBytes, bytes);
        _matrices.Add(matrix);
        TotalBytes += matrix.AlignedByteLength;
        return matrix;
    }
}
