namespace HunyuanOrleans.Kernels;

/// <summary>In what precision products are computed.</summary>
public enum ComputeMode
{
    /// <summary>bfloat16 weights and activations, float32 sums. The default.</summary>
    Bf16,

    /// <summary>float32 throughout: reference grade, twice the memory.</summary>
    F32,
}

/// <summary>What follows from a <see cref="ComputeMode"/>.</summary>
public static class ComputeModeExtensions
{
    /// <summary>The type of weights and activations, and in what cached keys and values are multiplied.</summary>
    public static ElementType Element(this ComputeMode mode) => mode == ComputeMode.F32 ? ElementType.F32 : ElementType.BF16;
}
