using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Grains.Kv;

/// <summary>Copies KV blocks of a layer range between a silo's pool and messages. It runs on the device's thread between the jobs of steps.</summary>
/// <param name="host">The silo's share of the model.</param>
/// <param name="firstLayer">First layer of the range.</param>
/// <param name="lastLayer">Last layer of the range.</param>
internal sealed class KvTransfer(ModelHost host, int firstLayer, int lastLayer)
{
    private readonly ModelParts _parts = host.Loaded;

    /// <summary>The CLA groups of the range.</summary>
    public IEnumerable<int> Groups
    {
        get
        {
            int factor = _parts.Device.Config.ClaFactor;
            return Enumerable.Range(firstLayer / factor, (lastLayer / factor) - (firstLayer / factor) + 1);
        }
    }

    /// <summary>Divides blocks into portions of one message each.</summary>
    /// <param name="blocks">Block numbers.</param>
    /// <param name="messageBytes">Most bytes of a message, at least one block.</param>
    public IEnumerable<int[]> Portions(int[] blocks, int messageBytes) => blocks.Chunk((int)(messageBytes / _parts.Device.KvBlockBytes));

    /// <summary>Copies blocks of a group.</summary>
    public async Task<KvBlocksMessage> ReadAsync(int group, int[] blocks)
    {
        byte[] bytes = [];
        await _parts.RunAsync(() =>
        {
            Check(group);
            bytes = GC.AllocateUninitializedArray<byte>(checked((int)(blocks.Length * _parts.Device.KvBlockBytes)));
            _parts.Device.CopyKvOut(group, blocks, bytes);
        });
        return new KvBlocksMessage(group, blocks, bytes, host.Settings.Kind);
    }

    /// <summary>Stores blocks that were read on another silo, unless a step of their route has run here.</summary>
    public Task WriteAsync(KvBlocksMessage message, long epoch, long version) => _parts.RunAsync(() =>
    {
        host.CheckBefore(epoch, version);
        Check(message.Group);
        if (message.Kind is { } kind && kind != host.Settings.Kind)
        {
            throw new GrainCallException($"The KV blocks were stored by {kind}; {host.Settings.Kind} cannot read them.");
        }

        int size = (int)_parts.Device.KvBlockBytes;
        if (message.Bytes.Length != message.Blocks.Length * size)
        {
            throw new GrainCallException($"{message.Bytes.Length} bytes came for {message.Blocks.Length} KV blocks of {size} bytes.");
        }

        _parts.Device.CopyKvIn(message.Group, message.Blocks, message.Bytes);
    });

    private void Check(int group)
    {
        if (!_parts.Device.Holds(ModelPiece.Attention(group * _parts.Device.Config.ClaFactor)))
        {
            throw new NotLoadedException($"CLA group {group} of model {host.Settings.Name} is not on this silo.");
        }
    }
}
