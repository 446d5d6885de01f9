namespace HunyuanOrleans.Kernels;

/// <summary>The precision in which matrix products are computed.</summary>
public enum ComputeMode
{
    /// <summary>bfloat16 weights and activations with float32 sums. The default.</summary>
    Bf16,

    /// <summary>float32 throughout: reference precision, at twice the memory.</summary>
    F32,
}

/// <summary>Properties of a <see cref="ComputeMode"/>.</summary>
public static class ComputeModeExtensions
{
    /// <summary>The type of weights and activations, and the type in which cached keys and values are multiplied.</summary>
    public static ElementType Element(this ComputeMode mode) => mode == ComputeMode.F32 ? ElementType.F32 : ElementType.BF16;
}
