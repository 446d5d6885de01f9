using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>
/// Memory of the host for rows that go to or come from a device with memory of its own in one copy. It grows to the largest copy and is used again, by one
/// thread at a time.
/// </summary>
internal sealed class HostRows : IDisposable
{
    private NativeBuffer? _memory;

    /// <summary>The memory of a number of bytes; the content is undefined. It is valid until more are asked for.</summary>
    public Span<byte> Of(int bytes)
    {
        if (_memory is null || _memory.ByteLength < bytes)
        {
            _memory?.Dispose();
            _memory = null;
            _memory = new NativeBuffer(bytes, clear: false);
        }

        return _memory.Slice(0, bytes);
    }

    /// <inheritdoc/>
    public void Dispose() => _memory?.Dispose();
}
