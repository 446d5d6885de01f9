namespace HunyuanOrleans.Engine.Placement;

/// <summary>How weights are stored. Routers are float32 in every format.</summary>
public enum WeightFormat
{
    /// <summary>bfloat16 throughout.</summary>
    Bf16,

    /// <summary>float32 throughout.</summary>
    F32,

    /// <summary>Routed experts in 8-bit integers with a float32 scale per output row, the rest bfloat16.</summary>
    Int8,

    /// <summary>Every linear layer in 8-bit floats but lm_head, which is bfloat16. A tensor's scales are not counted.</summary>
    Fp8,
}
