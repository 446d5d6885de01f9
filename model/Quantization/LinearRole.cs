namespace HunyuanOrleans.Model.Quantization;

/// <summary>What a matrix is for, as far as its format depends on it.</summary>
public enum LinearRole
{
    /// <summary>No linear layer that is ever quantised: norms, biases, embedding, routers.</summary>
    None,

    /// <summary>Query, key, value and output projections, fused or not.</summary>
    Attention,

    /// <summary>Gate, up and down of a routed, shared or plain MLP, fused or not.</summary>
    Mlp,

    /// <summary>lm_head.</summary>
    Head,
}

/// <summary>Reads roles from names.</summary>
public static class LinearRoles
{
    private static readonly string[] Attention = ["q_proj", "k_proj", "v_proj", "o_proj", "qkv_proj"];
    private static readonly string[] Mlp = ["gate_proj", "up_proj", "down_proj", "gate_and_up_proj"];

    /// <summary>The role of a module by its name in published checkpoints, such as model.layers.0.self_attn.q_proj (without .weight).</summary>
    public static LinearRole Of(string module)
    {
        if (module == "lm_head")
        {
            return LinearRole.Head;
        }

        string[] parts = module.Split('.');
        return parts is not ["model", "layers", _, _, ..]
            ? LinearRole.None
            : parts[3] == "self_attn" && parts.Length == 5 && Attention.Contains(parts[4])
                ? LinearRole.Attention
                : parts[3] == "mlp" && Mlp.Contains(parts[^1]) ? LinearRole.Mlp : LinearRole.None;
    }
}
