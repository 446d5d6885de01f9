namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>The shape of a random model. Every value ends up in its config.json and is checked there.</summary>
public sealed record RandomModelOptions
{
    // Kernels pack rows by 64; widths that are multiples of it waste nothing.
    private const int WidthStep = 64;

    /// <summary>The config's model_type: hunyuan, hunyuan_v1_moe or hunyuan_v1_dense.</summary>
    public string ModelType { get; init; } = "hunyuan";

    /// <summary>Layers.</summary>
    public int Layers { get; init; } = 64;

    /// <summary>Width of the residual stream.</summary>
    public int Hidden { get; init; } = 6400;

    /// <summary>Query heads.</summary>
    public int Heads { get; init; } = 80;

    /// <summary>Key/value heads.</summary>
    public int KvHeads { get; init; } = 8;

    /// <summary>Width of a head.</summary>
    public int HeadDim { get; init; } = 80;

    /// <summary>Width of one expert, or of the plain MLP.</summary>
    public int Intermediate { get; init; } = 18304;

    /// <summary>Routed experts; 1 for plain MLPs.</summary>
    public int Experts { get; init; } = 16;

    /// <summary>Experts per token.</summary>
    public int TopK { get; init; } = 1;

    /// <summary>Shared experts; 0 for none.</summary>
    public int SharedExperts { get; init; } = 1;

    /// <summary>Rows of the embedding.</summary>
    public int Vocab { get; init; } = 128512;

    /// <summary>Layers that share one K/V; 1 for none.</summary>
    public int ClaFactor { get; init; } = 2;

    /// <summary>lm_head is the embedding.</summary>
    public bool Tied { get; init; } = true;

    /// <summary>Longest context in tokens.</summary>
    public int MaxPositions { get; init; } = 131072;

    /// <summary>The alpha of the rotary base; 0 for no scaling.</summary>
    public double RopeAlpha { get; init; } = 1000;

    /// <summary>Norm queries and keys per head.</summary>
    public bool QkNorm { get; init; } = true;

    /// <summary>Give q, k, v and o biases.</summary>
    public bool AttentionBias { get; init; }

    /// <summary>Any number; the same seed and shape give the same files.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>A shard holds at most this many bytes of data, unless a single tensor is larger.</summary>
    public long MaxShardBytes { get; init; } = 4_000_000_000;

    /// <summary>Names <see cref="FromPreset"/> takes.</summary>
    public static IReadOnlyList<string> Presets { get; } = ["large", "a13b", "dense"];

    /// <summary>
    /// A published model's shape, with layers and widths times <paramref name="scale"/> (1 is the published size). Head width, query
    /// heads per key/value head, number of experts, vocabulary and CLA factor stay.
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
        };
    }

    private static int Scaled(int value, double scale, int step) =>
        step * Math.Max(1, (int)Math.Round(value * scale / step, MidpointRounding.AwayFromZero));
}
