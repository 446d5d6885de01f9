namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>What a warp copies in each stage of a product of many tokens.</summary>
internal struct ProductSource
{
    /// <summary>Address of the weights of its row tile.</summary>
    public ulong Weights;

    /// <summary>Address of the scales of its row tile, if weights have scales for each tile.</summary>
    public ulong Scales;

    /// <summary>Its tokens.</summary>
    public ProductTokenCopy Tokens;
}
