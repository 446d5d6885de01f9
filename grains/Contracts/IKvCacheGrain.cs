using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Contracts;

/// <summary>
/// The cache of one session beside one attention shard: the session's KV blocks of every CLA group of the shard. The shard's steps append to
/// it in place; this is for what happens to it between steps. The key is a <see cref="Placement.PinnedKey"/> with a session.
/// </summary>
public interface IKvCacheGrain : IGrainWithStringKey
{
    /// <summary>Positions that are here; 0 where everything was lost.</summary>
    Task<int> LengthAsync();

    /// <summary>Forgets positions from a length on.</summary>
    Task TruncateAsync(int length);

    /// <summary>Gives the session's blocks back.</summary>
    Task ReleaseAsync();

    /// <summary>The bytes of blocks in the shard's CLA groups, a few blocks at a time.</summary>
    /// <param name="firstLayer">First layer of the range asked for; part of the shard's.</param>
    /// <param name="lastLayer">Last layer of it.</param>
    /// <param name="blocks">Block numbers.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    IAsyncEnumerable<KvBlocksMessage> ReadAsync(int firstLayer, int lastLayer, int[] blocks, CancellationToken cancellationToken);

    /// <summary>Takes the session's cache over from the shard that had these layers before.</summary>
    /// <param name="epoch">The scheduler that asks.</param>
    /// <param name="version">The route that it prepares: nothing is written any more once a step of that route was here.</param>
    /// <param name="from">Key of the cache grain there.</param>
    /// <param name="firstLayer">First layer to take; part of both shards.</param>
    /// <param name="lastLayer">Last layer to take.</param>
    /// <param name="blocks">Block numbers.</param>
    /// <param name="cancellationToken">Gives up; what was taken stays.</param>
    [ResponseTimeout("00:10:00")]
    Task TakeOverAsync(long epoch, long version, string from, int firstLayer, int lastLayer, int[] blocks, CancellationToken cancellationToken);
}
