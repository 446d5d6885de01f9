using System.Runtime.InteropServices;

namespace HunyuanOrleans.Kernels.Memory;

/// <summary>
/// Memory outside the managed heap. Large buffers are aligned to 2 MiB and backed by huge pages if the system grants them: 4 KB pages
/// cost a fifth of the streaming speed.
/// </summary>
public sealed unsafe class NativeBuffer : IDeviceMemory
{
    private const nuint HugePage = 2u << 20;

    // A smaller buffer does not justify a huge page. For larger ones, huge pages also keep rows from competing for the same cache sets.
    private const nuint MinHugePageBuffer = HugePage / 16;

    private byte* _pointer;

    /// <summary>Allocates <paramref name="bytes"/> bytes.</summary>
    /// <param name="bytes">Size in bytes; 0 is allowed.</param>
    /// <param name="clear">Whether the bytes are set to zero (default). Pass false to save that pass if every byte is written before it is read.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is negative.</exception>
    /// <exception cref="OutOfMemoryException">The system does not have enough memory.</exception>
    public NativeBuffer(long bytes, bool clear = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ByteLength = bytes;
        nuint alignment = AlignmentOf(bytes);
        nuint size = (nuint)AllocatedBytesOf(bytes);
        _pointer = (byte*)NativeMemory.AlignedAlloc(size, alignment);
        if (alignment == HugePage)
        {
            MemoryAdvice.HugePages((nint)_pointer, (long)size);
        }

        if (clear)
        {
            NativeMemory.Clear(_pointer, size);
        }

        GC.AddMemoryPressure((long)size);
        AllocatedBytes = (long)size;
    }

    /// <summary>Frees the memory if the buffer was never disposed.</summary>
    ~NativeBuffer() => Free();

    /// <summary>Usable size in bytes.</summary>
    public long ByteLength { get; }

    /// <summary>Bytes allocated from the system: <see cref="ByteLength"/> rounded up to the alignment.</summary>
    public long AllocatedBytes { get; }

    /// <summary>The <see cref="AllocatedBytes"/> of a buffer of so many bytes.</summary>
    public static long AllocatedBytesOf(long bytes)
    {
        nuint alignment = AlignmentOf(bytes);
        return (long)(((nuint)Math.Max(bytes, 1) + alignment - 1) / alignment * alignment);
    }

    /// <summary>Replaces scratch memory by more if it is too small. The content is then undefined.</summary>
    /// <param name="buffer">The memory, which is freed before more is allocated.</param>
    /// <param name="bytes">Bytes that are needed.</param>
    internal static void Grow(ref NativeBuffer buffer, long bytes)
    {
        if (buffer.ByteLength < bytes)
        {
            buffer.Dispose();

            // If there is no more memory, the buffer is empty and not one that is disposed.
            buffer = new NativeBuffer(0);
            buffer = new NativeBuffer(bytes, clear: false);
        }
    }

    internal byte* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_pointer is null, this);
            return _pointer;
        }
    }

    /// <summary>A view of <paramref name="count"/> bytes from <paramref name="offset"/>, valid until the buffer is disposed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the buffer.</exception>
    public Span<byte> Slice(long offset, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, ByteLength - count);
        return new Span<byte>(Pointer + offset, count);
    }

    /// <summary>Frees the memory. Views of it must not be used afterwards.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private static nuint AlignmentOf(long bytes) => (nuint)bytes >= MinHugePageBuffer ? HugePage : 64;

    private void Free()
    {
        if (_pointer is not null)
        {
            NativeMemory.AlignedFree(_pointer);
            _pointer = null;
            GC.RemoveMemoryPressure(AllocatedBytes);
        }
    }
}
