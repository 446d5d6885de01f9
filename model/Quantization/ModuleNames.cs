using HunyuanOrleans.Model.Checkpoints;

namespace HunyuanOrleans.Model.Quantization;

/// <summary>Names of linear modules in published checkpoints, as <see cref="WeightTypes"/> takes them.</summary>
public static class ModuleNames
{
    /// <summary>lm_head.</summary>
    public static string Head => WeightNames.Module(WeightNames.LmHead);

    /// <summary>The query projection of a layer, with which keys and values are computed.</summary>
    public static string Query(int layer) => WeightNames.Attention(layer) + "q_proj";

    /// <summary>The output projection of a layer's attention.</summary>
    public static string AttentionOutput(int layer) => WeightNames.Attention(layer) + "o_proj";

    /// <summary>What the names of a routed expert's modules begin with.</summary>
    public static string Expert(int layer, int expert) => WeightNames.ExpertMlp(layer, expert);

    /// <summary>What the names of a shared expert's modules begin with.</summary>
    public static string Shared(int layer) => WeightNames.SharedMlp(layer);

    /// <summary>What the names of a plain MLP's modules begin with.</summary>
    public static string Dense(int layer) => WeightNames.DenseMlp(layer);

    /// <summary>The gate of an MLP, with which up is computed.</summary>
    public static string Gate(string mlp) => mlp + "gate_proj";

    /// <summary>The last matrix of an MLP.</summary>
    public static string Down(string mlp) => mlp + "down_proj";
}
