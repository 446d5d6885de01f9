namespace HunyuanOrleans.Model.Configuration;

/// <summary>The supported model families, by the config's model_type.</summary>
public enum ModelFamily
{
    /// <summary>"hunyuan": Hunyuan-Large (A52B), with cross-layer attention.</summary>
    Hunyuan,

    /// <summary>"hunyuan_v1_moe": A13B.</summary>
    HunyuanV1Moe,

    /// <summary>"hunyuan_v1_dense": the dense models of 0.5 to 7 B.</summary>
    HunyuanV1Dense,

    /// <summary>
    /// "hy_v3": Hy3 and Hy-MT2. Queries and keys are normed before the rotary embedding, experts are chosen by sigmoids with a bias.
    /// </summary>
    HyV3,
}
