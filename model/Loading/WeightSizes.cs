using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model.Loading;

/// <summary>
/// Computes the bytes of each packed part of a model from its config alone. Each matrix is padded to panels, includes its scales, and is
/// rounded up to whole pages of 4,096 bytes, as a weight plan lays it out. Norms and biases, which are negligible, are not counted.
/// </summary>
/// <param name="config">The model.</param>
/// <param name="types">The types of its matrices.</param>
public sealed class WeightSizes(ModelConfig config, WeightTypes types)
{
    private const long Page = 4096;

    // Gate and up projections are interleaved in blocks of 64 rows, each padded to whole blocks.
    private const int GateUpRows = 64;

    /// <summary>All packed weights, which is everything but the embedding.</summary>
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

    /// <summary>The embedding, which is read row by row as the checkpoint stores it: 4 bytes per element for float32, else 2.</summary>
    public long Embedding { get; } = (long)config.VocabSize * config.HiddenSize * (config.TorchDtype == "float32" ? 4 : 2);

    /// <summary>lm_head. If it is tied to the embedding, it is packed in addition to it.</summary>
    public long Head => Matrix(config.VocabSize, config.HiddenSize, HeadType);

    /// <summary>Type of lm_head.</summary>
    public ElementType HeadType => types.TypeOf(ModuleNames.Head);

    /// <summary>The layer for multi-token prediction, which is packed only if it is asked for; 0 if the model has none that can be run.</summary>
    public long Mtp
    {
        get
        {
            if (!config.CanPredict)
            {
                return 0;
            }

            WeightSizes all = new(config.WithMtp(), types);
            int layer = config.Layers;
            return all.Attention(layer) + all.Router(layer) + (config.Experts * all.Expert(layer))
                + Matrix(config.HiddenSize, 2 * config.HiddenSize, types.TypeOf(ModuleNames.MtpProjection(layer)));
        }
    }

    /// <summary>The projections of a layer's attention.</summary>
    public long Attention(int layer) =>
        Matrix(config.QuerySize + (config.IsSelfLayer(layer) ? 2 * config.KvSize : 0), config.HiddenSize, AttentionType(layer))
        + Matrix(config.HiddenSize, config.QuerySize, types.TypeOf(ModuleNames.AttentionOutput(layer)));

    /// <summary>Type of the larger part of a layer's attention.</summary>
    public ElementType AttentionType(int layer) => types.TypeOf(ModuleNames.Query(layer));

    /// <summary>The router of a layer with its shared expert; the MLP of a layer without experts.</summary>
    public long Router(int layer) => Gate(layer) + Shared(layer);

    /// <summary>The gate that scores a layer's experts, in float32; 0 for a layer without experts.</summary>
    public long Gate(int layer) => config.IsMoeLayer(layer) ? Matrix(config.Experts, config.HiddenSize, ElementType.F32) : 0;

    /// <summary>The shared expert of a layer, 0 if it has none; the MLP of a layer without experts.</summary>
    public long Shared(int layer)
    {
        int width = config.IsMoeLayer(layer) ? config.SharedIntermediateSize(layer) : config.IntermediateSize(layer);
        return width > 0 ? Mlp(width, SharedPrefix(layer)) : 0;
    }

    /// <summary>Type of the larger part of a layer's shared expert or MLP.</summary>
    public ElementType SharedType(int layer) => types.TypeOf(ModuleNames.Gate(SharedPrefix(layer)));

    /// <summary>One routed expert of a layer; 0 for a layer without experts.</summary>
    public long Expert(int layer) => config.IsMoeLayer(layer) ? Mlp(config.IntermediateSize(layer), ModuleNames.Expert(layer, 0)) : 0;

    /// <summary>Type of the larger part of a layer's routed experts.</summary>
    public ElementType ExpertType(int layer) => types.TypeOf(ModuleNames.Gate(ModuleNames.Expert(layer, 0)));

    /// <summary>
    /// The packed weights of a piece: for an attention piece its layers' attention, routers and shared experts, without the K/V memory; 0 for the
    /// embedding, which is read as the checkpoint stores it.
    /// </summary>
    public long Piece(ModelPiece piece)
    {
        switch (piece.Kind)
        {
            case PieceKind.Head:
                return Head;
            case PieceKind.Expert:
                return Expert(piece.Layer);
            case PieceKind.Attention:
                long bytes = 0;
                for (int layer = piece.Layer; layer < piece.Layer + config.GroupLayers(piece.Layer); layer++)
                {
                    bytes += Attention(layer) + Router(layer);
                }

                return bytes;
            default:
                return 0;
        }
    }

    private string SharedPrefix(int layer) => config.IsMoeLayer(layer) ? ModuleNames.Shared(layer) : ModuleNames.Dense(layer);

    private long Mlp(int width, string prefix) =>
        Matrix(2 * ((width + GateUpRows - 1) / GateUpRows * GateUpRows), config.HiddenSize, types.TypeOf(ModuleNames.Gate(prefix)))
        + Matrix(config.HiddenSize, width, types.TypeOf(ModuleNames.Down(prefix)));

    private static long Matrix(int rows, int columns, ElementType type) => (PackedMatrix.SizeOf(rows, columns, type) + Page - 1) / Page * Page;
}
