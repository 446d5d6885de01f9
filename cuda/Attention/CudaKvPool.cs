using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Kernels;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;

namespace HunyuanOrleans.Cuda.Attention;

/// <summary>
/// Device memory of cached keys and values: for each layer group, a pool of blocks of <see cref="KvBlocks.Positions"/> positions, [block][head] in the
/// layout of <see cref="KvLayout"/>. The memory of each group can be attached and released separately. The caller assigns blocks to sequences. Not
/// thread-safe unless a member says so: copy blocks, and attach and release groups, between steps only.
/// </summary>
internal sealed unsafe class CudaKvPool : IDisposable
{
    // Enough for the bus to be busy while the host copies little at a time.
    private const long StagingBytes = 8 << 20;

    private readonly ICudaDriver _driver;
    private readonly ulong[] _groups;
    private readonly int _stagingBlocks;
    private nint _staging;

    /// <summary>Creates the pool and allocates the memory of all groups or of none.</summary>
    /// <param name="driver">The device.</param>
    /// <param name="groups">Number of groups of layers that share keys and values.</param>
    /// <param name="blocks">Number of blocks of each group.</param>
    /// <param name="heads">Number of key/value heads.</param>
    /// <param name="headSize">Elements of a head, a multiple of 8 up to 128.</param>
    /// <param name="type">F32, BF16, I8 or F8E4M3.</param>
    /// <param name="reserve">Whether to allocate the memory of every group (default). Otherwise groups have no memory until <see cref="Attach"/>.</param>
    public CudaKvPool(ICudaDriver driver, int groups, int blocks, int heads, int headSize, ElementType type, bool reserve = true)
    {
        ArgumentNullException.ThrowIfNull(driver);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blocks);
        _driver = driver;
        (Groups, Blocks, Heads, HeadSize, Type) = (groups, blocks, heads, headSize, type);
        BlockBytes = BytesPerBlock(heads, headSize, type);
        _stagingBlocks = (int)Math.Clamp(StagingBytes / BlockBytes, 1, blocks);
        _groups = new ulong[groups];
        try
        {
            for (int g = 0; reserve && g < groups; g++)
            {
                _groups[g] = AllocateGroup();
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Number of layer groups.</summary>
    public int Groups { get; }

    /// <summary>Number of blocks of each group.</summary>
    public int Blocks { get; }

    /// <summary>Number of key/value heads.</summary>
    public int Heads { get; }

    /// <summary>Elements of a head.</summary>
    public int HeadSize { get; }

    /// <summary>How elements are stored.</summary>
    public ElementType Type { get; }

    /// <summary>Bytes of one block of one group: keys, values and scales of all heads.</summary>
    public long BlockBytes { get; }

    /// <summary>Bytes of all blocks of one group.</summary>
    public long GroupBytes => BlockBytes * Blocks;

    /// <summary>Bytes of all blocks of all groups that have memory.</summary>
    public long TotalBytes => GroupBytes * _groups.Count(static memory => memory != 0);

    /// <summary>Bytes of one block of one group for these sizes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Kernels cannot treat the head size or the type.</exception>
    public static long BytesPerBlock(int heads, int headSize, ElementType type)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(heads);
        return (long)heads * KvLayout.HeadBytes(AttentionShape.Padded(headSize), AttentionShape.FormatOf(type));
    }

    /// <summary>Whether the group has memory. Any thread may call this.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such group.</exception>
    public bool HasMemory(int group)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)group, (uint)Groups, nameof(group));
        return Volatile.Read(ref _groups[group]) != 0;
    }

    /// <summary>Allocates memory for one group. The caller owns it until <see cref="Attach"/>. Any thread may call this.</summary>
    /// <exception cref="CudaException">The device has not enough memory.</exception>
    public ulong AllocateGroup()
    {
        // Masked positions are multiplied by zero, so even memory that was never written must be finite. Padding must be zero.
        return ClearedMemory.Allocate(_driver, GroupBytes);
    }

    /// <summary>Gives a group its memory and takes ownership of it.</summary>
    /// <param name="group">A group without memory.</param>
    /// <param name="memory">Memory from <see cref="AllocateGroup"/> of a pool with the same shape and device.</param>
    /// <exception cref="ArgumentException">There is no memory or no such group.</exception>
    /// <exception cref="InvalidOperationException">The group already has memory.</exception>
    public void Attach(int group, ulong memory)
    {
        ArgumentOutOfRangeException.ThrowIfZero(memory);
        if (HasMemory(group))
        {
            throw new InvalidOperationException($"Group {group} already has memory.");
        }

        Volatile.Write(ref _groups[group], memory);
    }

    /// <summary>Frees the memory of a group with all its blocks, after the work that was submitted before. Returns false if the group has none.</summary>
    public bool Release(int group)
    {
        if (!HasMemory(group))
        {
            return false;
        }

        _driver.Free(_groups[group]);
        Volatile.Write(ref _groups[group], 0);
        return true;
    }

    /// <summary>Copies blocks to <paramref name="target"/>, one after the other, after the earlier work of a stream.</summary>
    /// <param name="group">Group.</param>
    /// <param name="blocks">Block numbers.</param>
    /// <param name="target">Receives blocks.Length * <see cref="BlockBytes"/> bytes.</param>
    /// <param name="stream">The stream.</param>
    /// <exception cref="ArgumentException">A block does not exist, or the length does not match.</exception>
    public void CopyOut(int group, ReadOnlySpan<int> blocks, Span<byte> target, nint stream)
    {
        Check(blocks, target.Length);
        for (int first = 0; first < blocks.Length; first += _stagingBlocks)
        {
            ReadOnlySpan<int> some = blocks.Slice(first, Math.Min(_stagingBlocks, blocks.Length - first));
            Span<byte> staging = Staging(some.Length);
            for (int i = 0; i < some.Length; i++)
            {
                _driver.CopyToHostAsync(_staging + (nint)(i * BlockBytes), Address(group, some[i]), BlockBytes, stream);
            }

            _driver.Synchronize(stream);
            staging.CopyTo(target[checked((int)(first * BlockBytes))..]);
        }
    }

    /// <summary>Copies blocks from <paramref name="source"/>, in the form that <see cref="CopyOut"/> writes. Block numbers may differ.</summary>
    /// <param name="group">Group.</param>
    /// <param name="blocks">Block numbers.</param>
    /// <param name="source">blocks.Length * <see cref="BlockBytes"/> bytes.</param>
    /// <param name="stream">The stream.</param>
    /// <exception cref="ArgumentException">A block does not exist, or the length does not match.</exception>
    public void CopyIn(int group, ReadOnlySpan<int> blocks, ReadOnlySpan<byte> source, nint stream)
    {
        Check(blocks, source.Length);
        for (int first = 0; first < blocks.Length; first += _stagingBlocks)
        {
            ReadOnlySpan<int> some = blocks.Slice(first, Math.Min(_stagingBlocks, blocks.Length - first));
            Span<byte> staging = Staging(some.Length);
            source.Slice(checked((int)(first * BlockBytes)), staging.Length).CopyTo(staging);
            for (int i = 0; i < some.Length; i++)
            {
                _driver.CopyToDeviceAsync(Address(group, some[i]), _staging + (nint)(i * BlockBytes), BlockBytes, stream);
            }

            _driver.Synchronize(stream);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (int g = 0; g < Groups; g++)
        {
            Release(g);
        }

        if (_staging != 0)
        {
            _driver.FreePinned(_staging);
            _staging = 0;
        }
    }

    /// <summary>Address of a group's memory.</summary>
    /// <exception cref="InvalidOperationException">The group has no memory.</exception>
    internal ulong Address(int group) => HasMemory(group)
        ? _groups[group]
        : throw new InvalidOperationException($"Group {group} has no memory in this pool; attach memory before the group is used.");

    private ulong Address(int group, int block) => Address(group) + (ulong)(block * BlockBytes);

    private Span<byte> Staging(int blocks)
    {
        if (_staging == 0)
        {
            _staging = _driver.AllocatePinned(_stagingBlocks * BlockBytes);
        }

        return new Span<byte>((void*)_staging, checked((int)(blocks * BlockBytes)));
    }

    // Everything is checked before the first copy: memory that a copy uses must not change until somebody has waited for it.
    private void Check(ReadOnlySpan<int> blocks, int bytes)
    {
        if (bytes != blocks.Length * BlockBytes)
        {
            throw new ArgumentException($"{bytes} bytes do not match {blocks.Length} blocks of {BlockBytes} bytes.", nameof(bytes));
        }

        foreach (int block in blocks)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)block, (uint)Blocks, nameof(blocks));
        }
    }
}
