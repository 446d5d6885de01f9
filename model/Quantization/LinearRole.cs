namespace HunyuanOrleans.Model.Quantization;

/// <summary>The role of a matrix in the model, which decides its quantisation.</summary>
public enum LinearRole
{
    /// <summary>A tensor that is never quantised: norm, bias, embedding or router.</summary>
    None,

    /// <summary>A query, key, value or output projection, fused or not.</summary>
    Attention,

    /// <summary>A gate, up or down projection of a routed expert, shared expert or plain MLP, fused or not.</summary>
    Mlp,

    /// <summary>lm_head.</summary>
    Head,
}

/// <summary>Finds the role of a module from its name.</summary>
public static class LinearRoles
{
    private static readonly string[] Attention = ["q_proj", "k_proj", "v_proj", "o_proj", "qkv_proj"];
    private static readonly string[] Mlp = ["gate_proj", "up_proj", "down_proj", "gate_and_up_proj"];

    /// <summary>
    /// The role of a module, from its name in published checkpoints without ".weight", such as model.layers.0.self_attn.q_proj.
    /// </summary>
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
