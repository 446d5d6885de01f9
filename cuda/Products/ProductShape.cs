namespace HunyuanOrleans.Cuda.Products;

/// <summary>How much of a product a block computes. Every shape gives the same bits.</summary>
internal enum ProductShape
{
    /// <summary>16 rows of 8 tokens: reads weights with the most blocks.</summary>
    Decode,

    /// <summary>64 rows of 64 tokens: reads weights once for 64 tokens.</summary>
    Batch,

    /// <summary>128 rows of 256 tokens: the least traffic for each multiplication.</summary>
    Prefill,
}
