using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>The shape of a random model. The values are written to config.json and validated like any config.</summary>
public sealed record RandomModelOptions
{
    // A full block of a packed matrix has 64 rows, so widths that are multiples of 64 fill every block.
    private const int WidthStep = 64;

    /// <summary>The config's model_type: hunyuan, hunyuan_v1_moe, hunyuan_v1_dense or hy_v3.</summary>
    public string ModelType { get; init; } = "hunyuan";

    /// <summary>Number of layers.</summary>
    public int Layers { get; init; } = 64;

    /// <summary>Width of the residual stream.</summary>
    public int Hidden { get; init; } = 6400;

    /// <summary>Number of query heads.</summary>
    public int Heads { get; init; } = 80;

    /// <summary>Number of key/value heads.</summary>
    public int KvHeads { get; init; } = 8;

    /// <summary>Width of a head.</summary>
    public int HeadDim { get; init; } = 80;

    /// <summary>Width of one expert, or of the plain MLP.</summary>
    public int Intermediate { get; init; } = 18304;

    /// <summary>Number of first layers that have a plain MLP although the model has experts.</summary>
    public int DenseLayers { get; init; }

    /// <summary>Width of the plain MLP in these layers.</summary>
    public int DenseIntermediate { get; init; } = 18304;

    /// <summary>Number of routed experts; 1 for plain MLPs.</summary>
    public int Experts { get; init; } = 16;

    /// <summary>Number of experts per token.</summary>
    public int TopK { get; init; } = 1;

    /// <summary>Number of shared experts; 0 for none.</summary>
    public int SharedExperts { get; init; } = 1;

    /// <summary>Size of the vocabulary.</summary>
    public int Vocab { get; init; } = 128512;

    /// <summary>Number of consecutive layers that share keys and values; 1 disables sharing.</summary>
    public int ClaFactor { get; init; } = 2;

    /// <summary>Whether the embedding also serves as lm_head.</summary>
    public bool Tied { get; init; } = true;

    /// <summary>Longest context in tokens.</summary>
    public int MaxPositions { get; init; } = 131072;

    /// <summary>The alpha of the rotary embedding; 0 for no scaling.</summary>
    public double RopeAlpha { get; init; } = 1000;

    /// <summary>Whether queries and keys are normed per head.</summary>
    public bool QkNorm { get; init; } = true;

    /// <summary>Whether the q, k, v and o projections have biases.</summary>
    public bool AttentionBias { get; init; }

    /// <summary>Number of layers behind the last one that predict further tokens, 0 or 1.</summary>
    public int PredictLayers { get; init; }

    /// <summary>The random seed. The same seed and shape give the same files.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Maximum number of data bytes in a shard. A tensor that is larger is a shard by itself.</summary>
    public long MaxShardBytes { get; init; } = 4_000_000_000;

    /// <summary>The preset names that <see cref="FromPreset"/> accepts.</summary>
    public static IReadOnlyList<string> Presets { get; } = ["large", "a13b", "dense", "hy3", "mt2-30b"];

    /// <summary>
    /// The shape of a published model, with layers and widths multiplied by <paramref name="scale"/> (1 is the published size). Head width,
    /// query heads per key/value head, number of experts, vocabulary and CLA factor are not scaled.
    /// </summary>
    /// <exception cref="ModelException">The name or the scale is not allowed.</exception>
    public static RandomModelOptions FromPreset(string preset, double scale = 1)
    {
        if (!(scale is > 0 and <= 16))
        {
            throw new ModelException(FormattableString.Invariant($"scale is {scale}; allowed: a number above 0 and at most 16."));
        }

        RandomModelOptions full = preset switch
        {
            "large" => new RandomModelOptions(),
            "a13b" => new RandomModelOptions
            {
                ModelType = "hunyuan_v1_moe",
                Layers = 32,
                Hidden = 4096,
                Heads = 32,
                HeadDim = 128,
                Intermediate = 3072,
                Experts = 64,
                TopK = 8,
                Vocab = 128167,
                ClaFactor = 1,
                MaxPositions = 32768,
            },
            "dense" => new RandomModelOptions
            {
                ModelType = "hunyuan_v1_dense",
                Layers = 32,
                Hidden = 4096,
                Heads = 32,
                HeadDim = 128,
                Intermediate = 14336,
                Experts = 1,
                SharedExperts = 0,
                Vocab = 128167,
                ClaFactor = 1,
                MaxPositions = 32768,
            },
            "hy3" => new RandomModelOptions
            {
                ModelType = HyV3Reader.ModelType,
                Layers = 80,
                Hidden = 4096,
                Heads = 64,
                HeadDim = 128,
                Intermediate = 1536,
                DenseLayers = 1,
                DenseIntermediate = 13312,
                Experts = 192,
                TopK = 8,
                Vocab = 120832,
                ClaFactor = 1,
                Tied = false,
                MaxPositions = 262144,
            },
            "mt2-30b" => new RandomModelOptions
            {
                ModelType = HyV3Reader.ModelType,
                Layers = 48,
                Hidden = 2048,
                Heads = 32,
                KvHeads = 4,
                HeadDim = 128,
                Intermediate = 768,
                DenseLayers = 1,
                DenseIntermediate = 6912,
                Experts = 128,
                TopK = 8,
                Vocab = 120832,
                ClaFactor = 1,
                Tied = false,
                MaxPositions = 262144,
            },
            _ => throw new ModelException($"preset is \"{preset}\"; allowed: {string.Join(", ", Presets)}."),
        };

        int kvHeads = Scaled(full.KvHeads, scale, 1);
        return full with
        {
            Layers = Scaled(full.Layers, scale, full.ClaFactor),
            Hidden = Scaled(full.Hidden, scale, WidthStep),
            KvHeads = kvHeads,
            Heads = kvHeads * (full.Heads / full.KvHeads),
            Intermediate = Scaled(full.Intermediate, scale, WidthStep),
            DenseIntermediate = Scaled(full.DenseIntermediate, scale, WidthStep),
        };
    }

    private static int Scaled(int value, double scale, int step) =>
        step * Math.Max(1, (int)Math.Round(value * scale / step, MidpointRounding.AwayFromZero));
}
