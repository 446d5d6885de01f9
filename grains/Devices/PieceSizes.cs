using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Grains.Devices;

/// <summary>Computes the bytes of pieces as partition plans do: weights, and the K/V memory of CLA groups.</summary>
internal sealed class PieceSizes
{
    private readonly WeightSizes _sizes;
    private readonly long _kvBytes;

    /// <summary>Prepares the computation for a model.</summary>
    public PieceSizes(ModelSettings settings, ModelConfig config)
    {
        _sizes = new WeightSizes(config, WeightTypes.Of(config, settings.Options.Mode, settings.Options.Quant));
        _kvBytes = ModelPieces.PoolOf(settings.Options).Blocks * settings.Options.CacheFormat.BlockBytes(config);
    }

    /// <summary>The bytes that a piece takes in the silo's memory. The embedding counts, although a CPU reads it from the checkpoint.</summary>
    public long Of(ModelPiece piece) => piece.Kind switch
    {
        PieceKind.Embedding => _sizes.Embedding,
        PieceKind.Attention => _sizes.Piece(piece) + _kvBytes,
        _ => _sizes.Piece(piece),
    };

    /// <summary>The bytes of weights to load for a piece.</summary>
    public long WeightsOf(ModelPiece piece) => _sizes.Piece(piece);
}
