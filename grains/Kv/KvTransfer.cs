using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Grains.Kv;

/// <summary>Copies KV blocks of a layer range between a silo's pool and messages. It runs on the device's thread between the jobs of steps.</summary>
internal sealed class KvTransfer(ModelHost host, int firstLayer, int lastLayer)
{
    /// <summary>Bytes of a message: large enough for the network's speed, small enough not to hold up other messages.</summary>
    private const int MessageBytes = 4 << 20;

    private readonly ModelHost.Parts _parts = host.Loaded;

    /// <summary>The CLA groups of the range.</summary>
    public IEnumerable<int> Groups
    {
        get
        {
            int factor = _parts.Device.Config.ClaFactor;
            return Enumerable.Range(firstLayer / factor, ((lastLayer + 1) / factor) - (firstLayer / factor));
        }
    }

    /// <summary>Divides blocks into portions of one message each.</summary>
    public IEnumerable<int[]> Portions(int[] blocks) => blocks.Chunk((int)Math.Max(1, MessageBytes / _parts.Device.KvBlockBytes));

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
        return new KvBlocksMessage(group, blocks, bytes);
    }

    /// <summary>Stores blocks that were read on another silo, unless a step of their route has run here.</summary>
    public Task WriteAsync(KvBlocksMessage message, long epoch, long version) => _parts.RunAsync(() =>
    {
        host.CheckBefore(epoch, version);
        Check(message.Group);
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
