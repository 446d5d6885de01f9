using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Bytes each part of a model takes once packed, from its config alone: the same matrices that the parts plan, each padded to panels and
/// rounded up to whole pages of 4,096 bytes as a weight plan lays them. Norms and biases, a few floats beside them, are not counted.
/// </summary>
/// <param name="config">The model.</param>
/// <param name="format">How weights are stored.</param>
public sealed class WeightSizes(ModelConfig config, WeightFormat format)
{
    private const long Page = 4096;

    // Gate and up are interleaved in blocks of 64 rows, each padded to whole blocks.
    private const int GateUpRows = 64;

    /// <summary>The embedding, read row by row as the checkpoint stores it: float32 or 2 bytes an element.</summary>
    public long Embedding { get; } = (long)config.VocabSize * config.HiddenSize * (config.TorchDtype == "float32" ? 4 : 2);

    /// <summary>lm_head; where it is tied to the embedding it is packed besides.</summary>
    public long Head => Matrix(config.VocabSize, config.HiddenSize, format == WeightFormat.F32 ? ElementType.F32 : ElementType.BF16);

    /// <summary>Projections of a layer's attention.</summary>
    public long Attention(int layer) =>
        Matrix(config.QuerySize + (config.IsSelfLayer(layer) ? 2 * config.KvSize : 0), config.HiddenSize, Linear)
        + Matrix(config.HiddenSize, config.QuerySize, Linear);

    /// <summary>Router of a layer with its shared expert, or its plain MLP.</summary>
    public long Router(int layer) => Gate(layer) + Shared(layer);

    /// <summary>Scores of a layer's experts, float32; 0 in a layer without experts.</summary>
    public long Gate(int layer) => config.IsMoeLayer(layer) ? Matrix(config.Experts, config.HiddenSize, ElementType.F32) : 0;

    /// <summary>Shared expert of a layer, 0 where there is none; the plain MLP in a layer without experts.</summary>
    public long Shared(int layer)
    {
        int width = config.IsMoeLayer(layer) ? config.SharedIntermediateSize(layer) : config.IntermediateSize(layer);
        return width > 0 ? Mlp(width, Linear) : 0;
    }

    /// <summary>One routed expert of a layer; 0 in a layer without experts.</summary>
    public long Expert(int layer) => config.IsMoeLayer(layer)
        ? Mlp(config.IntermediateSize(layer), format == WeightFormat.Int8 ? ElementType.I8 : Linear)
        : 0;

    private ElementType Linear => format switch
    {
        WeightFormat.F32 => ElementType.F32,
        WeightFormat.Fp8 => ElementType.F8E4M3,
        _ => ElementType.BF16,
    };

    private long Mlp(int width, ElementType type) =>
        Matrix(2 * ((width + GateUpRows - 1) / GateUpRows * GateUpRows), config.HiddenSize, type) + Matrix(config.HiddenSize, width, type);

    private static long Matrix(int rows, int columns, ElementType type)
    {
        long bytes = PackedMatrix.SizeOf(rows, columns, type);
        return (bytes + Page - 1) / Page * Page;
    }
}
