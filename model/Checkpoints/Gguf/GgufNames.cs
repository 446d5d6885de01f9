using System.Globalization;

namespace HunyuanOrleans.Model.Checkpoints.Gguf;

/// <summary>The names of tensors in GGUF files of the architectures hunyuan-moe and hunyuan-dense, and in published checkpoints.</summary>
internal static class GgufNames
{
    private const string Block = "blk.";

    private static readonly (string Gguf, string Published)[] Whole =
    [
        ("token_embd.weight", WeightNames.Embedding), ("output_norm.weight", WeightNames.FinalNorm), ("output.weight", WeightNames.LmHead),
    ];

    private static readonly (string Gguf, string Published)[] OfLayer =
    [
        ("attn_norm.weight", "input_layernorm.weight"), ("ffn_norm.weight", "post_attention_layernorm.weight"),
        ("attn_q.weight", "self_attn.q_proj.weight"), ("attn_k.weight", "self_attn.k_proj.weight"), ("attn_v.weight", "self_attn.v_proj.weight"),
        ("attn_output.weight", "self_attn.o_proj.weight"),
        ("attn_q.bias", "self_attn.q_proj.bias"), ("attn_k.bias", "self_attn.k_proj.bias"), ("attn_v.bias", "self_attn.v_proj.bias"),
        ("attn_output.bias", "self_attn.o_proj.bias"),
        ("attn_q_norm.weight", "self_attn.query_layernorm.weight"), ("attn_k_norm.weight", "self_attn.key_layernorm.weight"),
        ("ffn_gate_inp.weight", "mlp.gate.wg.weight"),
        ("ffn_gate_shexp.weight", "mlp.shared_mlp.gate_proj.weight"), ("ffn_up_shexp.weight", "mlp.shared_mlp.up_proj.weight"),
        ("ffn_down_shexp.weight", "mlp.shared_mlp.down_proj.weight"),
        ("ffn_gate.weight", "mlp.gate_proj.weight"), ("ffn_up.weight", "mlp.up_proj.weight"), ("ffn_down.weight", "mlp.down_proj.weight"),
    ];

    private static readonly (string Gguf, string Published)[] Experts =
        [("ffn_gate_exps.weight", "gate_proj.weight"), ("ffn_up_exps.weight", "up_proj.weight"), ("ffn_down_exps.weight", "down_proj.weight")];

    /// <summary>The published name of a tensor; for the experts of a layer, that of one expert. Null if the name is not known.</summary>
    /// <param name="name">The name in the GGUF file.</param>
    /// <param name="expert">Number of the expert, where <paramref name="experts"/> is true.</param>
    /// <param name="experts">Whether the tensor has the matrices of all experts of a layer.</param>
    public static string? Published(string name, int expert, out bool experts)
    {
        experts = false;
        foreach ((string gguf, string published) in Whole)
        {
            if (gguf == name)
            {
                return published;
            }
        }

        int dot = name.IndexOf('.', Block.Length <= name.Length ? Block.Length : 0);
        if (!name.StartsWith(Block, StringComparison.Ordinal) || dot < 0
            || !int.TryParse(name.AsSpan(Block.Length, dot - Block.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int layer))
        {
            return null;
        }

        ReadOnlySpan<char> rest = name.AsSpan(dot + 1);
        foreach ((string gguf, string published) in Experts)
        {
            if (rest.SequenceEqual(gguf))
            {
                experts = true;
                return WeightNames.ExpertMlp(layer, expert) + published;
            }
        }

        foreach ((string gguf, string published) in OfLayer)
        {
            if (rest.SequenceEqual(gguf))
            {
                return WeightNames.Layer(layer) + published;
            }
        }

        return null;
    }
}
