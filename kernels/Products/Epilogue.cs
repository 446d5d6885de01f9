namespace HunyuanOrleans.Kernels.Products;

/// <summary>The operation applied to the float32 sums of a product.</summary>
public enum Epilogue
{
    /// <summary>Store the sums in the type of the output, rounded if that is bfloat16.</summary>
    Store,

    /// <summary>Add the sums to the float32 output.</summary>
    Add,

    /// <summary>
    /// Store silu(gate) * up in the type of the output. The weights alternate between 64 gate rows and 64 up rows, so the output has half as
    /// many columns as the weights have rows.
    /// </summary>
    SwiGlu,
}
