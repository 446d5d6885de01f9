namespace HunyuanOrleans.Train.Parameters;

/// <summary>The settings of low-rank adapters, as PEFT names them.</summary>
public sealed record LoraSettings
{
    /// <summary>The modules that can have an adapter.</summary>
    public static IReadOnlyList<string> AllTargets { get; } = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    /// <summary>The modules that the publisher's script adapts.</summary>
    public static IReadOnlyList<string> DefaultTargets { get; } = ["q_proj", "k_proj", "v_proj", "o_proj"];

    /// <summary>Rank of the adapters, default 64. A larger one learns more and costs more.</summary>
    public int Rank { get; init; } = 64;

    /// <summary>Scale of the adapters before the division by the rank, default 8.</summary>
    public double Alpha { get; init; } = 8;

    /// <summary>Part of the adapters' inputs that is dropped at random, default 0.</summary>
    public double Dropout { get; init; }

    /// <summary>Whether the scale is alpha / sqrt(rank) instead of alpha / rank.</summary>
    public bool UseRslora { get; init; }

    /// <summary>The modules that get adapters.</summary>
    public IReadOnlyList<string> Targets { get; init; } = DefaultTargets;

    /// <summary>Factor of an adapter's output.</summary>
    public float Scale => (float)(UseRslora ? Alpha / Math.Sqrt(Rank) : Alpha / Rank);

    /// <summary>Whether a module such as "model.layers.0.self_attn.q_proj" gets an adapter.</summary>
    public bool Adapts(string module) => Targets.Contains(module[(module.LastIndexOf('.') + 1)..]);
}
