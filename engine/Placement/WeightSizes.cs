using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Bytes each part of a model takes once packed, from its config alone: the same matrices that the parts plan, each padded to panels, with
/// its scales, and rounded up to whole pages of 4,096 bytes as a weight plan lays them. Norms and biases, a few floats beside them, are not
/// counted.
/// </summary>
/// <param name="config">The model.</param>
/// <param name="types">Types of its matrices.</param>
public sealed class WeightSizes(ModelConfig config, WeightTypes types)
{
    private const long Page = 4096;

    // Gate and up are interleaved in blocks of 64 rows, each padded to whole blocks.
    private const int GateUpRows = 64;

    /// <summary>Everything that is packed: all but the embedding.</summary>
    public long Packed
    {
        get
        {
            long bytes = Head;
            for (int layer = 0; layer < config.Layers; layer++)
            {
                bytes += Attention(layer) + Router(layer) + (config.IsMoeLayer(layer) ? config.Experts * Expert(layer) : 0);
            }

            return bytes;
        }
    }

    /// <summary>The embedding, read row by row as the checkpoint stores it: float32 or 2 bytes an element.</summary>
    public long Embedding { get; } = (long)config.VocabSize * config.HiddenSize * (config.TorchDtype == "float32" ? 4 : 2);

    /// <summary>lm_head; where it is tied to the embedding it is packed besides.</summary>
    public long Head => Matrix(config.VocabSize, config.HiddenSize, HeadType);

    /// <summary>Type of lm_head.</summary>
    public ElementType HeadType => types.TypeOf(ModuleNames.Head);

    /// <summary>Projections of a layer's attention.</summary>
    public long Attention(int layer) =>
        Matrix(config.QuerySize + (config.IsSelfLayer(layer) ? 2 * config.KvSize : 0), config.HiddenSize, AttentionType(layer))
        + Matrix(config.HiddenSize, config.QuerySize, types.TypeOf(ModuleNames.AttentionOutput(layer)));

    /// <summary>Type of the larger part of a layer's attention.</summary>
    public ElementType AttentionType(int layer) => types.TypeOf(ModuleNames.Query(layer));

    /// <summary>Router of a layer with its shared expert, or its plain MLP.</summary>
    public long Router(int layer) => Gate(layer) + Shared(layer);

    /// <summary>Scores of a layer's experts, float32; 0 in a layer without experts.</summary>
    public long Gate(int layer) => config.IsMoeLayer(layer) ? Matrix(config.Experts, config.HiddenSize, ElementType.F32) : 0;

    /// <summary>Shared expert of a layer, 0 where there is none; the plain MLP in a layer without experts.</summary>
    public long Shared(int layer)
    {
        int width = config.IsMoeLayer(layer) ? config.SharedIntermediateSize(layer) : config.IntermediateSize(layer);
        return width > 0 ? Mlp(width, SharedPrefix(layer)) : 0;
    }

    /// <summary>Type of the larger part of a layer's shared expert or plain MLP.</summary>
    public ElementType SharedType(int layer) => types.TypeOf(ModuleNames.Gate(SharedPrefix(layer)));

    /// <summary>One routed expert of a layer; 0 in a layer without experts.</summary>
    public long Expert(int layer) => config.IsMoeLayer(layer) ? Mlp(config.IntermediateSize(layer), ModuleNames.Expert(layer, 0)) : 0;

    /// <summary>Type of the larger part of a layer's routed experts.</summary>
    public ElementType ExpertType(int layer) => types.TypeOf(ModuleNames.Gate(ModuleNames.Expert(layer, 0)));

    private string SharedPrefix(int layer) => config.IsMoeLayer(layer) ? ModuleNames.Shared(layer) : ModuleNames.Dense(layer);

    private long Mlp(int width, string prefix) =>
        Matrix(2 * ((width + GateUpRows - 1) / GateUpRows * GateUpRows), config.HiddenSize, types.TypeOf(ModuleNames.Gate(prefix)))
        + Matrix(config.HiddenSize, width, types.TypeOf(ModuleNames.Down(prefix)));

    private static long Matrix(int rows, int columns, ElementType type) => (PackedMatrix.SizeOf(rows, columns, type) + Page - 1) / Page * Page;
}
