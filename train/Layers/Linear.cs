using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Train.Parameters;

namespace HunyuanOrleans.Train.Layers;

/// <summary>The weights of a linear layer y = x . wᵀ + bias, packed for both directions or quantised for one, with what is trained of it.</summary>
public sealed class Linear
{
    /// <summary>Name of the module, such as "model.layers.0.self_attn.q_proj".</summary>
    public required string Module { get; init; }

    /// <summary>The packed weights, [rows, columns].</summary>
    public required PackedMatrix Forward { get; init; }

    /// <summary>The packed transposed weights, [columns, rows]; null for quantised weights, which are widened part by part when gradients need them.</summary>
    public required PackedMatrix? Backward { get; init; }

    /// <summary>The bias, [1, rows]; null if the layer has none.</summary>
    public Activation? Bias { get; init; }

    /// <summary>The weights if they are trained.</summary>
    public Parameter? Weight { get; init; }

    /// <summary>The bias if it is trained.</summary>
    public Parameter? BiasParameter { get; init; }

    /// <summary>The adapter if there is one.</summary>
    public LoraAdapter? Lora { get; init; }
}
