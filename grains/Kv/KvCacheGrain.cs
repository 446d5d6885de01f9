using System.Runtime.CompilerServices;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using Orleans.Concurrency;

namespace HunyuanOrleans.Grains.Kv;

/// <inheritdoc cref="IKvCacheGrain"/>
[Reentrant, PinnedPlacement]
public sealed class KvCacheGrain : Grain, IKvCacheGrain
{
    private readonly PinnedKey _key;
    private readonly ModelHost _host;

    /// <summary>The cache of a session beside a shard.</summary>
    public KvCacheGrain(ModelHosts hosts)
    {
        _key = PinnedKey.Parse(this.GetPrimaryKeyString());
        _host = hosts.Get(_key.Model);
    }

    /// <inheritdoc/>
    public Task<int> LengthAsync() => Task.FromResult(_host.Sessions.LengthOf(_key.Session));

    /// <inheritdoc/>
    public Task TruncateAsync(int length)
    {
        _host.Sessions.Truncate(_key.Session, length);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task ReleaseAsync()
    {
        _host.Sessions.Release([_key.Session]);
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<KvBlocksMessage> ReadAsync(
        int firstLayer, int lastLayer, int[] blocks, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        KvTransfer transfer = new(_host, firstLayer, lastLayer);
        foreach (int group in transfer.Groups)
        {
            foreach (int[] some in transfer.Portions(blocks))
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return await transfer.ReadAsync(group, some);
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
