namespace HunyuanOrleans.Cuda.Products;

/// <summary>Which rows of activations and results belong to which matrix of a product.</summary>
/// <param name="Most">The most tokens that one matrix may have. The device finds out how many it has.</param>
/// <param name="Total">Tokens of all matrices together. No more matrices than that can have tokens.</param>
/// <param name="Starts">Address of int32 [experts + 1] in device memory: the first row of each expert, then the end of the last. 0 for one matrix.</param>
internal readonly record struct ProductTokens(int Most, long Total, ulong Starts)
{
    /// <summary>The first rows, for one matrix.</summary>
    public static ProductTokens All(int count) => new(count, count, 0);
}
