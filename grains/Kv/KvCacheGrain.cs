using System.Runtime.CompilerServices;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using Orleans.Concurrency;

namespace HunyuanOrleans.Grains.Kv;

/// <inheritdoc cref="IKvCacheGrain"/>
[GrainType("kvcache"), Reentrant, PinnedPlacement]
public sealed class KvCacheGrain : Grain, IKvCacheGrain
{
    private readonly ModelHost _host;

    /// <summary>Creates the cache of a session.</summary>
    public KvCacheGrain(ModelHosts hosts) => _host = hosts.Get(PinnedKey.Parse(this.GetPrimaryKeyString()).Model);

    /// <inheritdoc/>
    public async IAsyncEnumerable<KvBlocksMessage> ReadAsync(
        int firstLayer, int lastLayer, int[] blocks, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        KvTransfer transfer = new(_host, firstLayer, lastLayer);
        foreach (int group in transfer.Groups)
        {
            foreach (int[] portion in transfer.Portions(blocks))
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return await transfer.ReadAsync(group, portion);
            }
        }
    }

    /// <inheritdoc/>
    public async Task TakeOverAsync(long epoch, long version, string from, int firstLayer, int lastLayer, int[] blocks, CancellationToken cancellationToken)
    {
        KvTransfer transfer = new(_host, firstLayer, lastLayer);
        IKvCacheGrain source = GrainFactory.GetGrain<IKvCacheGrain>(from);
        await foreach (KvBlocksMessage message in source.ReadAsync(firstLayer, lastLayer, blocks, cancellationToken))
        {
            await transfer.WriteAsync(message, epoch, version);
        }

        DeactivateOnIdle();
    }
}
