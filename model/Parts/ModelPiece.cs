using System.Globalization;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Parts;

/// <summary>The kinds of pieces a model is divided into. Each piece can be installed on a device separately.</summary>
public enum PieceKind
{
    /// <summary>The token embedding. A CPU reads its rows from the mapped checkpoint, so there it takes no additional memory; a GPU has a copy.</summary>
    Embedding,

    /// <summary>The last norm and lm_head.</summary>
    Head,

    /// <summary>One CLA group of layers: their attention, routers, shared experts (or plain MLPs), and the group's KV memory.</summary>
    Attention,

    /// <summary>One routed expert of one layer.</summary>
    Expert,
}

/// <summary>
/// Names a piece of a model. It knows neither the weights nor the device that holds them. Fields that a kind does not use are 0.
/// </summary>
/// <param name="Kind">The kind of piece.</param>
/// <param name="Layer">The first layer of an attention piece's group, or an expert's layer; else 0.</param>
/// <param name="Expert">The number of an expert within its layer; else 0.</param>
public readonly record struct ModelPiece(PieceKind Kind, int Layer, int Expert)
{
    /// <summary>The embedding.</summary>
    public static ModelPiece Embedding => new(PieceKind.Embedding, 0, 0);

    /// <summary>The output head.</summary>
    public static ModelPiece Head => new(PieceKind.Head, 0, 0);

    /// <summary>The CLA group that begins with layer <paramref name="firstLayer"/>.</summary>
    public static ModelPiece Attention(int firstLayer) => new(PieceKind.Attention, firstLayer, 0);

    /// <summary>The CLA group that contains <paramref name="layer"/>.</summary>
    public static ModelPiece AttentionOf(ModelConfig config, int layer) => Attention(layer / config.ClaFactor * config.ClaFactor);

    /// <summary>A routed expert.</summary>
    public static ModelPiece OfExpert(int layer, int expert) => new(PieceKind.Expert, layer, expert);

    /// <summary>Every piece of a model.</summary>
    public static IEnumerable<ModelPiece> All(ModelConfig config)
    {
        yield return Embedding;
        yield return Head;
        for (int layer = 0; layer < config.Layers; layer++)
        {
            if (layer % config.ClaFactor == 0)
            {
                yield return Attention(layer);
            }

            for (int expert = 0; config.IsMoeLayer(layer) && expert < config.Experts; expert++)
            {
                yield return OfExpert(layer, expert);
            }
        }
    }

    /// <summary>Checks that a model has this piece.</summary>
    /// <exception cref="ModelException">The model does not have it; the message says what is allowed.</exception>
    public void Check(ModelConfig config)
    {
        bool layer = Layer >= 0 && Layer < config.Layers;
        switch (Kind)
        {
            case PieceKind.Embedding or PieceKind.Head when Layer == 0 && Expert == 0:
            case PieceKind.Attention when layer && Layer % config.ClaFactor == 0 && Expert == 0:
            case PieceKind.Expert when layer && config.IsMoeLayer(Layer) && Expert >= 0 && Expert < config.Experts:
                return;
            case PieceKind.Attention:
                throw new ModelException($"The model has no piece {this}; allowed: first layers of groups of {config.ClaFactor} among {config.Layers} layers.");
            case PieceKind.Expert when config.HasExperts:
                throw new ModelException($"The model has no piece {this}; allowed: experts 0 to {config.Experts - 1} of layers {config.FirstMoeLayer} to {config.Layers - 1}.");
            default:
                throw new ModelException($"The model has no piece {this}; allowed: {(config.HasExperts ? "embedding, head, attention-N, expert-N-E" : "embedding, head, attention-N")}.");
        }
    }

    /// <summary>A short name that is valid as a file name: embedding, head, attention-4, expert-3-17.</summary>
    public override string ToString() => Kind switch
    {
        PieceKind.Embedding => "embedding",
        PieceKind.Head => "head",
        PieceKind.Attention => string.Create(CultureInfo.InvariantCulture, $"attention-{Layer}"),
        PieceKind.Expert => string.Create(CultureInfo.InvariantCulture, $"expert-{Layer}-{Expert}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)Kind}-{Layer}-{Expert}"),
    };
}
