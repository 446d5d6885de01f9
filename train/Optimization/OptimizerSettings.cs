namespace HunyuanOrleans.Train.Optimization;

/// <summary>The settings of AdamW and of clipping.</summary>
public sealed record OptimizerSettings
{
    /// <summary>Weight decay, default 0. It applies to all tensors but norms and biases.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Decay rate of the first moments, default 0.9.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay rate of the second moments, default 0.999.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the root of the second moments, default 1e-8.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>The largest norm of all gradients together, default 1; larger ones are scaled down. 0 turns clipping off.</summary>
    public double MaxGradientNorm { get; init; } = 1;
}
