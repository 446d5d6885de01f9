namespace HunyuanOrleans.Kernels.Products;

/// <summary>What is done with a product's float32 sums.</summary>
public enum Epilogue
{
    /// <summary>Stored in the type of the output, rounded where that is bfloat16.</summary>
    Store,

    /// <summary>Added to the float32 output.</summary>
    Add,

    /// <summary>
    /// silu(gate) * up, stored in the type of the output: the weights hold 64 gate rows, then 64 up rows, in turn, so the output has
    /// half as many columns as the weights have rows.
    /// </summary>
    SwiGlu,
}
