using System.Runtime.InteropServices;

namespace HunyuanOrleans.Kernels.Memory;

/// <summary>
/// Memory outside the managed heap, aligned to 2 MiB and backed by huge pages where the system grants them (4 KB pages cost a
/// fifth of the streaming speed). It knows nothing of what is stored in it.
/// </summary>
public sealed unsafe class NativeBuffer : IDisposable
{
    private const nuint HugePage = 2u << 20;

    // Smaller buffers are not worth a page of their own; above, large pages also keep rows from competing for the same cache sets.
    private const nuint LeastForHugePages = HugePage / 16;

    private byte* _pointer;

    /// <summary>Reserves <paramref name="bytes"/> bytes.</summary>
    /// <param name="bytes">Size; 0 is allowed.</param>
    /// <param name="clear">Whether they are zero (default). Where every byte is written before it is read, leaving them saves a pass.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is negative.</exception>
    /// <exception cref="OutOfMemoryException">The system has not that much memory.</exception>
    public NativeBuffer(long bytes, bool clear = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ByteLength = bytes;
        bool large = (nuint)bytes >= LeastForHugePages;
        nuint alignment = large ? HugePage : 64;
        nuint size = ((nuint)Math.Max(bytes, 1) + alignment - 1) / alignment * alignment;
        _pointer = (byte*)NativeMemory.AlignedAlloc(size, alignment);
        if (large)
        {
            MemoryAdvice.HugePages((nint)_pointer, (long)size);
        }

        if (clear)
        {
            NativeMemory.Clear(_pointer, size);
        }

        GC.AddMemoryPressure((long)size);
        Reserved = (long)size;
    }

    /// <summary>Frees the memory of an owner that was never disposed.</summary>
    ~NativeBuffer() => Free();

    /// <summary>Usable size in bytes.</summary>
    public long ByteLength { get; }

    /// <summary>Bytes taken from the system, <see cref="ByteLength"/> rounded up.</summary>
    public long Reserved { get; }

    internal byte* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_pointer is null, this);
            return _pointer;
        }
    }

    /// <summary>A view of <paramref name="count"/> bytes from <paramref name="offset"/>. Valid until the buffer is disposed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the buffer.</exception>
    public Span<byte> Slice(long offset, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, ByteLength - count);
        return new Span<byte>(Pointer + offset, count);
    }

    /// <summary>Gives the memory back. Views of it must not be used any more.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_pointer is not null)
        {
            NativeMemory.AlignedFree(_pointer);
            _pointer = null;
            GC.RemoveMemoryPressure(Reserved);
        }
    }
}
