namespace HunyuanOrleans.Grains.Devices;

/// <summary>The pieces of one shard or expert group that were missing when it was asked to load them.</summary>
/// <param name="pieces">The load of each piece of the holder.</param>
/// <param name="bytes">The bytes of each piece; 0 for one that was loaded before.</param>
/// <param name="completion">Completes when all pieces are loaded, or fails with the first that cannot be loaded.</param>
internal sealed class HolderLoad(Task<long>[] pieces, long[] bytes, Task completion)
{
    /// <summary>Completes when all pieces are loaded, or fails with the first that cannot be loaded.</summary>
    public Task Completion => completion;

    /// <summary>Bytes of all missing pieces.</summary>
    public long TotalBytes { get; } = bytes.Sum();

    /// <summary>Bytes of the pieces that are not loaded yet.</summary>
    public long BytesLeft => bytes.Where((_, i) => !pieces[i].IsCompleted).Sum();

    /// <summary>The numbers of the pieces, once all are loaded.</summary>
    public long[] Incarnations => Array.ConvertAll(pieces, static piece => piece.Result);
}
