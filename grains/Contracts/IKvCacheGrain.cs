using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Contracts;

/// <summary>
/// The cache of one session beside one attention shard: the session's KV blocks of every CLA group of the shard. The shard's steps append to the
/// cache in place; this grain moves it between silos. The key is a <see cref="Placement.PinnedKey"/> with a session.
/// </summary>
[Alias("hunyuan.IKvCacheGrain")]
public interface IKvCacheGrain : IGrainWithStringKey
{
    /// <summary>Reads the bytes of blocks of the shard's CLA groups, a few blocks at a time.</summary>
    /// <param name="firstLayer">First layer of the range to read; the shard must hold it.</param>
    /// <param name="lastLayer">Last layer of the range.</param>
    /// <param name="blocks">Block numbers.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    [Alias("ReadAsync")]
    IAsyncEnumerable<KvBlocksMessage> ReadAsync(int firstLayer, int lastLayer, int[] blocks, CancellationToken cancellationToken);

    /// <summary>
    /// Copies blocks of the session's cache from the shard that held these layers before. The caller moves few enough for one call, and limits its wait.
    /// </summary>
    /// <param name="epoch">Epoch of the scheduler that calls.</param>
    /// <param name="version">Version of the route that the cache is for. Once a step of that route was here, nothing is written any more.</param>
    /// <param name="from">Key of the cache grain beside the other shard.</param>
    /// <param name="firstLayer">First layer to copy; both shards must hold it.</param>
    /// <param name="lastLayer">Last layer to copy.</param>
    /// <param name="blocks">Block numbers.</param>
    /// <param name="cancellationToken">Stops copying. Blocks copied before stay.</param>
    [Alias("TakeOverAsync")]
    Task TakeOverAsync(long epoch, long version, string from, int firstLayer, int lastLayer, int[] blocks, CancellationToken cancellationToken);
}
