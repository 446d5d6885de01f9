namespace Orleans.Runtime;

/// <summary>Settings of an enumeration of a grain's results.</summary>
public static class AsyncEnumerableExtensions
{
    /// <summary>Sets how many items are fetched at most at once, where that many are ready. Default 100.</summary>
    public static IAsyncEnumerable<T> WithBatchSize<T>(this IAsyncEnumerable<T> self, int maxBatchSize)
    {
        if (self is GrainStream<T> stream) stream.MaxBatchSize = maxBatchSize;
        return self;
    }
}
