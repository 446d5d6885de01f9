using System.Runtime.CompilerServices;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using Orleans.Concurrency;

namespace HunyuanOrleans.Grains.Kv;

/// <inheritdoc cref="IKvCacheGrain"/>
[GrainType("kvcache"), Reentrant, PinnedPlacement]
public sealed class KvCacheGrain : Grain, IKvCacheGrain
{
    private readonly ModelHost _host;
    private readonly HunyuanSiloOptions _options;

    /// <summary>Creates the cache of a session.</summary>
    public KvCacheGrain(ModelHosts hosts, HunyuanSiloOptions options)
    {
        _host = hosts.Get(PinnedKey.Parse(this.GetPrimaryKeyString()).Model);
        _options = options;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<KvBlocksMessage> ReadAsync(
        int firstLayer, int lastLayer, int[] blocks, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        KvTransfer transfer = new(_host, firstLayer, lastLayer);
        foreach (int group in transfer.Groups)
        {
            foreach (int[] portion in transfer.Portions(blocks, _options.MessageBytes))
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

        // Orleans sends all items that are ready together in one message, which would exceed its size limit.
        await foreach (KvBlocksMessage message in source.ReadAsync(firstLayer, lastLayer, blocks, cancellationToken).WithBatchSize(1))
        {
            await transfer.WriteAsync(message, epoch, version);
        }

        DeactivateOnIdle();
    }
}
