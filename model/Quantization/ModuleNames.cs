using HunyuanOrleans.Model.Checkpoints;

namespace HunyuanOrleans.Model.Quantization;

/// <summary>Names of linear modules in published checkpoints, as <see cref="WeightTypes.TypeOf"/> expects them.</summary>
public static class ModuleNames
{
    /// <summary>lm_head.</summary>
    public static string Head => WeightNames.Module(WeightNames.LmHead);

    /// <summary>The query projection of a layer, which is computed together with keys and values.</summary>
    public static string Query(int layer) => WeightNames.Attention(layer) + "q_proj";

    /// <summary>The output projection of a layer's attention.</summary>
    public static string AttentionOutput(int layer) => WeightNames.Attention(layer) + "o_proj";

    /// <summary>The projection of an MTP layer that joins embedding and hidden state.</summary>
    public static string MtpProjection(int layer) => WeightNames.Module(WeightNames.MtpProjection(layer));

    /// <summary>The prefix of the names of a routed expert's modules.</summary>
    public static string Expert(int layer, int expert) => WeightNames.ExpertMlp(layer, expert);

    /// <summary>The prefix of the names of a shared expert's modules.</summary>
    public static string Shared(int layer) => WeightNames.SharedMlp(layer);

    /// <summary>The prefix of the names of a plain MLP's modules.</summary>
    public static string Dense(int layer) => WeightNames.DenseMlp(layer);

    /// <summary>The gate projection of an MLP, which is computed together with the up projection.</summary>
    public static string Gate(string mlp) => mlp + "gate_proj";

    /// <summary>The down projection of an MLP.</summary>
    public static string Down(string mlp) => mlp + "down_proj";
}
