using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Attention;

/// <summary>
/// The memory of cached keys and values: for each layer group, a pool of blocks of 32 positions. For each key/value head a block has the keys
/// as [steps of the head][32 positions] and the values as [steps of positions][head], which is the weight layout of the panel kernels. A group
/// has the keys of the first head in all blocks, those of the second, and so on, then the values in the same order: attention reads one head
/// of consecutive blocks, and processors read ahead only in long streams. The memory of each group can be attached and released separately.
/// The caller assigns blocks to sequences. Not thread-safe unless a member says so: copy blocks, and attach and release groups, between steps only.
/// </summary>
public sealed unsafe class KvBlocks : IKvPool
{
    /// <summary>Positions in a block.</summary>
    public const int Positions = 32;

    private const int ScaleBytes = 2;

    private readonly NativeBuffer?[] _groups;

    /// <summary>Creates the pool and allocates the memory of all groups or of none.</summary>
    /// <param name="groups">Number of groups of layers that share keys and values.</param>
    /// <param name="blocks">Number of blocks of each group.</param>
    /// <param name="heads">Number of key/value heads.</param>
    /// <param name="headSize">Elements of a head, an even number.</param>
    /// <param name="type">F32, BF16, I8 or F8E4M3.</param>
    /// <param name="reserve">Whether to allocate the memory of every group (default). Otherwise groups have no memory until <see cref="Attach"/>.</param>
    /// <param name="computeType">The type in which 8-bit elements are multiplied, F32 or BF16. Elements of other types are multiplied in their own type.</param>
    public KvBlocks(int groups, int blocks, int heads, int headSize, ElementType type, bool reserve = true, ElementType computeType = ElementType.BF16)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blocks);
        Groups = groups;
        Blocks = blocks;
        Heads = heads;
        HeadSize = headSize;
        Type = type;
        IsQuantized = KvQuantizer.IsQuantized(type);
        ComputeType = IsQuantized ? computeType : type;
        if (ComputeType is not (ElementType.F32 or ElementType.BF16))
        {
            throw new ArgumentException($"{type} keys and values cannot be multiplied as {computeType}; allowed: F32 or BF16.", nameof(computeType));
        }

        (int keyElements, ValueColumns) = Geometry(headSize, type);
        KeySteps = keyElements / ComputeType.ElementsPerStep();
        ValueSteps = Positions / ComputeType.ElementsPerStep();
        BlockBytes = BytesPerBlock(heads, headSize, type);
        HeadBytes = BlockBytes / heads;
        KeyBytes = (long)keyElements * Positions * type.Size();
        ExpandedKeyBytes = (long)KeySteps * Positions * 4;
        ExpandedValueBytes = (long)ValueSteps * ValueColumns * 4;
        _groups = new NativeBuffer?[groups];
        for (int g = 0; reserve && g < groups; g++)
        {
            _groups[g] = AllocateGroup();
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

    /// <summary>The type in which elements are multiplied, which is also the type of queries and of attention outputs.</summary>
    public ElementType ComputeType { get; }

    /// <summary>Bytes of one block of one group: keys, values and scales of all heads.</summary>
    public long BlockBytes { get; }

    /// <summary>Bytes of all blocks of one group.</summary>
    public long GroupBytes => BlockBytes * Blocks;

    /// <summary>Bytes of all blocks of all groups that have memory.</summary>
    public long TotalBytes => GroupBytes * _groups.Count(g => g is not null);

    /// <summary>Number of 4-byte steps of a key head in the compute type, including padding.</summary>
    internal int KeySteps { get; }

    /// <summary>Number of columns of a value head, padded to whole panels.</summary>
    internal int ValueColumns { get; }

    /// <summary>Number of 4-byte steps over the positions of a block in the compute type.</summary>
    internal int ValueSteps { get; }

    /// <summary>Whether blocks contain codes and scales.</summary>
    internal bool IsQuantized { get; }

    /// <summary>Bytes of one key head in one block.</summary>
    internal long KeyBytes { get; }

    /// <summary>Bytes of the values of one head in one block, and of the scales of its keys and of its values, which follow them.</summary>
    internal long ValueBytes => HeadBytes - KeyBytes;

    /// <summary>Bytes of one head in one block: keys, values and scales.</summary>
    internal long HeadBytes { get; }

    /// <summary>Bytes of one key head of a block in the compute type.</summary>
    internal long ExpandedKeyBytes { get; }

    /// <summary>Bytes of one value head of a block in the compute type.</summary>
    internal long ExpandedValueBytes { get; }

    /// <summary>Bytes of one block of one group for these sizes.</summary>
    /// <exception cref="ArgumentException">The head size is odd or not positive, or the type is not F32, BF16, I8 or F8E4M3.</exception>
    public static long BytesPerBlock(int heads, int headSize, ElementType type)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(heads);
        (int keyElements, int columns) = Geometry(headSize, type);
        int scales = KvQuantizer.IsQuantized(type) ? 2 * ScaleBytes : 0;
        return heads * (long)Positions * (((keyElements + columns) * type.Size()) + scales);
    }

    /// <summary>Whether the group has memory. Any thread may call this.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such group.</exception>
    public bool HasMemory(int group)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)group, (uint)Groups, nameof(group));
        return Volatile.Read(ref _groups[group]) is not null;
    }

    /// <summary>Allocates memory for one group. The caller owns it until <see cref="Attach"/>. Any thread may call this.</summary>
    public NativeBuffer AllocateGroup()
    {
        // Only padding inside a key head must be zero: values are cleared when a block begins, and keys are masked by position.
        bool padded = KeySteps * ComputeType.ElementsPerStep() != HeadSize;
        return new NativeBuffer(GroupBytes, clear: padded);
    }

    /// <summary>Gives a group its memory and takes ownership of it.</summary>
    /// <param name="group">A group without memory.</param>
    /// <param name="memory">Memory from <see cref="AllocateGroup"/> of a pool with the same shape.</param>
    /// <exception cref="ArgumentException">The memory has another size, or there is no such group.</exception>
    /// <exception cref="InvalidOperationException">The group already has memory.</exception>
    public void Attach(int group, NativeBuffer memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentOutOfRangeException.ThrowIfNotEqual(memory.ByteLength, GroupBytes, nameof(memory));
        if (HasMemory(group))
        {
            throw new InvalidOperationException($"Group {group} already has memory.");
        }

        Volatile.Write(ref _groups[group], memory);
    }

    IDeviceMemory IKvPool.AllocateGroup() => AllocateGroup();

    void IKvPool.Attach(int group, IDeviceMemory memory) => Attach(group, (NativeBuffer)memory);

    /// <summary>Frees the memory of a group with all its blocks. Returns false if the group has none.</summary>
    public bool Release(int group)
    {
        bool held = HasMemory(group);
        _groups[group]?.Dispose();
        Volatile.Write(ref _groups[group], null);
        return held;
    }

    /// <summary>Copies blocks to <paramref name="target"/>, one after the other: for each head its keys, then its values and scales.</summary>
    /// <param name="group">Group.</param>
    /// <param name="blocks">Block numbers.</param>
    /// <param name="target">Receives blocks.Length * <see cref="BlockBytes"/> bytes.</param>
    /// <exception cref="ArgumentException">A block does not exist, or the length does not match.</exception>
    public void CopyOut(int group, ReadOnlySpan<int> blocks, Span<byte> target)
    {
        CheckLength(blocks.Length, target.Length);
        ThrowIfNoMemory(group);
        foreach (int block in blocks)
        {
            for (int head = 0; head < Heads; head++)
            {
                KeySpan(group, block, head).CopyTo(target);
                ValueSpan(group, block, head).CopyTo(target[(int)KeyBytes..]);
                target = target[(int)HeadBytes..];
            }
        }
    }

    /// <summary>Copies blocks from <paramref name="source"/>, in the form that <see cref="CopyOut"/> writes. Block numbers may differ.</summary>
    public void CopyIn(int group, ReadOnlySpan<int> blocks, ReadOnlySpan<byte> source)
    {
        CheckLength(blocks.Length, source.Length);
        ThrowIfNoMemory(group);
        foreach (int block in blocks)
        {
            for (int head = 0; head < Heads; head++)
            {
                source[..(int)KeyBytes].CopyTo(KeySpan(group, block, head));
                source[(int)KeyBytes..(int)HeadBytes].CopyTo(ValueSpan(group, block, head));
                source = source[(int)HeadBytes..];
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NativeBuffer? buffer in _groups)
        {
            buffer?.Dispose();
        }
    }

    internal void ThrowIfNoMemory(int group)
    {
        if (!HasMemory(group))
        {
            throw new InvalidOperationException($"Group {group} has no memory in this pool; attach memory before the group is used.");
        }
    }

    internal byte* Keys(int group, int block, int head) => _groups[group]!.Pointer + (Index(block, head) * KeyBytes);

    internal byte* Values(int group, int block, int head) => _groups[group]!.Pointer + (Heads * (long)Blocks * KeyBytes) + (Index(block, head) * ValueBytes);

    /// <summary>Address of the bfloat16 scales of a head: one per position for the keys, then one per position for the values.</summary>
    internal ushort* Scales(int group, int block, int head) => (ushort*)(Values(group, block, head) + ValueBytes - (2 * Positions * ScaleBytes));

    private long Index(int block, int head)
    {
        if ((uint)block >= (uint)Blocks)
        {
            throw new ArgumentOutOfRangeException(nameof(block), block, $"Blocks are numbered 0 to {Blocks - 1}.");
        }

        return ((long)head * Blocks) + block;
    }

    private Span<byte> KeySpan(int group, int block, int head) => new(Keys(group, block, head), (int)KeyBytes);

    private Span<byte> ValueSpan(int group, int block, int head) => new(Values(group, block, head), (int)ValueBytes);

    private void CheckLength(int blocks, int bytes)
    {
        if (bytes != blocks * BlockBytes)
        {
            throw new ArgumentException($"{bytes} bytes do not match {blocks} blocks of {BlockBytes} bytes.", nameof(bytes));
        }
    }

    // Codes lie in pairs for both compute types, so that the bytes of a block do not depend on the compute type.
    private static (int KeyElements, int ValueColumns) Geometry(int headSize, ElementType type)
    {
        if (headSize <= 0 || headSize % 2 != 0 || (type is not (ElementType.F32 or ElementType.BF16) && !KvQuantizer.IsQuantized(type)))
        {
            throw new ArgumentException(
                $"Heads of {headSize} {type} elements cannot be cached: the size must be even, the type F32, BF16, I8 or F8E4M3.", nameof(headSize));
        }

        int unit = (type == ElementType.F32 ? 1 : 2) * PanelKernels.StepUnit;
        int elements = (headSize + unit - 1) / unit * unit;
        int columns = (headSize + PanelKernels.PanelRows - 1) / PanelKernels.PanelRows * PanelKernels.PanelRows;
        return (elements, columns);
    }
}
