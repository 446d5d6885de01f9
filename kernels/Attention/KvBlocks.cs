using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Attention;

/// <summary>
/// Memory of cached keys and values: for each layer group a pool of blocks of 32 positions. A block holds, per key/value head, the
/// keys as [steps of the head][32 positions] and the values as [steps of positions][head], so that both are weights of the panel
/// kernels as they stand. A group's memory can come and go on its own. It does not know which sequence a block belongs to; block
/// numbers are the caller's. Not thread-safe but where said: blocks are copied, groups attached and released between steps.
/// </summary>
public sealed unsafe class KvBlocks : IDisposable
{
    /// <summary>Positions a block holds.</summary>
    public const int Positions = 32;

    private const int ScaleBytes = 2;

    private readonly NativeBuffer?[] _groups;

    /// <summary>Describes the pool, and reserves the memory of all groups or of none.</summary>
    /// <param name="groups">Groups of layers that share keys and values.</param>
    /// <param name="blocks">Blocks in each group's pool.</param>
    /// <param name="heads">Key/value heads.</param>
    /// <param name="headSize">Elements of a head, even.</param>
    /// <param name="type">F32, BF16, I8 or F8E4M3.</param>
    /// <param name="reserve">Whether every group has its memory from the start (default), or only when <see cref="Attach"/> gives it.</param>
    /// <param name="products">In what 8-bit types are multiplied, F32 or BF16; other types are multiplied as they are.</param>
    public KvBlocks(int groups, int blocks, int heads, int headSize, ElementType type, bool reserve = true, ElementType products = ElementType.BF16)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blocks);
        Groups = groups;
        Blocks = blocks;
        Heads = heads;
        HeadSize = headSize;
        Type = type;
        ProductType = KvCodes.Has(type) ? products : type;
        if (ProductType is not (ElementType.F32 or ElementType.BF16))
        {
            throw new ArgumentException($"{type} keys and values cannot be multiplied as {products}; allowed: F32 or BF16.", nameof(products));
        }

        (int keyElements, ValueColumns) = Geometry(headSize, type);
        KeySteps = keyElements / ProductType.StepElements();
        BlockBytes = BytesPerBlock(heads, headSize, type);
        _groups = new NativeBuffer?[groups];
        for (int g = 0; reserve && g < groups; g++)
        {
            _groups[g] = AllocateGroup();
        }
    }

    /// <summary>Groups of layers.</summary>
    public int Groups { get; }

    /// <summary>Blocks in each group's pool.</summary>
    public int Blocks { get; }

    /// <summary>Key/value heads.</summary>
    public int Heads { get; }

    /// <summary>Elements of a head.</summary>
    public int HeadSize { get; }

    /// <summary>How elements are stored.</summary>
    public ElementType Type { get; }

    /// <summary>In what they are multiplied: the type of queries and of what attention gives.</summary>
    public ElementType ProductType { get; }

    /// <summary>Bytes of one block in one group, all heads, keys and values.</summary>
    public long BlockBytes { get; }

    /// <summary>Bytes of all blocks of one group.</summary>
    public long GroupBytes => BlockBytes * Blocks;

    /// <summary>Bytes of all blocks of the groups that have their memory.</summary>
    public long TotalBytes => GroupBytes * _groups.Count(g => g is not null);

    /// <summary>4-byte steps of a key head as it is multiplied, padded.</summary>
    internal int KeySteps { get; }

    /// <summary>Columns of a value head, padded to whole panels.</summary>
    internal int ValueColumns { get; }

    /// <summary>4-byte steps over the positions of a block, as they are multiplied.</summary>
    internal int ValueSteps => Positions / ProductType.StepElements();

    /// <summary>Whether blocks hold codes and scales.</summary>
    internal bool HasCodes => KvCodes.Has(Type);

    /// <summary>Bytes of one key head in one block; its values follow, then the scales of its keys and of its values.</summary>
    internal long KeyBytes => (long)KeySteps * Positions * ProductType.StepElements() * Type.Size();

    /// <summary>Bytes of one head in one block, keys and values.</summary>
    internal long HeadBytes => BlockBytes / Heads;

    /// <summary>Bytes of one key head of a block as it is multiplied.</summary>
    internal long ProductKeyBytes => (long)KeySteps * Positions * 4;

    /// <summary>Bytes of one value head of a block as it is multiplied.</summary>
    internal long ProductValueBytes => (long)ValueSteps * ValueColumns * 4;

    /// <summary>Bytes of one block in one group for these sizes.</summary>
    /// <exception cref="ArgumentException">The head size is odd or not positive, or the type is none of F32, BF16, I8 and F8E4M3.</exception>
    public static long BytesPerBlock(int heads, int headSize, ElementType type)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(heads);
        (int keyElements, int columns) = Geometry(headSize, type);
        int scales = KvCodes.Has(type) ? 2 * ScaleBytes : 0;
        return heads * (long)Positions * (((keyElements + columns) * type.Size()) + scales);
    }

    /// <summary>Whether the group has its memory. Any thread may ask.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such group.</exception>
    public bool HasMemory(int group)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)group, (uint)Groups, nameof(group));
        return Volatile.Read(ref _groups[group]) is not null;
    }

    /// <summary>Reserves memory fit for one group, for <see cref="Attach"/>; the caller's until then. Any thread may call it.</summary>
    public NativeBuffer AllocateGroup()
    {
        // Values are cleared when a block begins and keys are masked by position; only padding inside a key head must be zero.
        bool padded = KeySteps * ProductType.StepElements() != HeadSize;
        return new NativeBuffer(GroupBytes, clear: padded);
    }

    /// <summary>Gives a group its memory and owns it from then on.</summary>
    /// <param name="group">A group without memory.</param>
    /// <param name="memory">From <see cref="AllocateGroup"/> of a pool of this shape.</param>
    /// <exception cref="ArgumentException">The memory is of another size, or there is no such group.</exception>
    /// <exception cref="InvalidOperationException">The group has its memory.</exception>
    public void Attach(int group, NativeBuffer memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentOutOfRangeException.ThrowIfNotEqual(memory.ByteLength, GroupBytes, nameof(memory));
        if (HasMemory(group))
        {
            throw new InvalidOperationException($"Group {group} has its memory already.");
        }

        Volatile.Write(ref _groups[group], memory);
    }

    /// <summary>Frees a group's memory with all that is in it; false where it has none.</summary>
    public bool Release(int group)
    {
        bool held = HasMemory(group);
        _groups[group]?.Dispose();
        Volatile.Write(ref _groups[group], null);
        return held;
    }

    /// <summary>The bytes of a block: what moves when a block moves, to a pool of the same shape. Valid until disposed or released.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such group or block.</exception>
    /// <exception cref="InvalidOperationException">The group has no memory.</exception>
    public Span<byte> GetBlock(int group, int block)
    {
        ThrowIfNoMemory(group);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)block, (uint)Blocks, nameof(block));
        return _groups[group]!.Slice(block * BlockBytes, checked((int)BlockBytes));
    }

    /// <summary>Copies blocks out, one behind the other.</summary>
    /// <param name="group">Group.</param>
    /// <param name="blocks">Block numbers.</param>
    /// <param name="target">Receives blocks.Length * <see cref="BlockBytes"/> bytes.</param>
    /// <exception cref="ArgumentException">A block is not there, or the length does not fit.</exception>
    public void CopyOut(int group, ReadOnlySpan<int> blocks, Span<byte> target)
    {
        CheckLength(blocks.Length, target.Length);
        int bytes = checked((int)BlockBytes);
        for (int i = 0; i < blocks.Length; i++)
        {
            GetBlock(group, blocks[i]).CopyTo(target.Slice(i * bytes, bytes));
        }
    }

    /// <summary>Copies blocks in: the reverse of <see cref="CopyOut"/>; block numbers may differ.</summary>
    public void CopyIn(int group, ReadOnlySpan<int> blocks, ReadOnlySpan<byte> source)
    {
        CheckLength(blocks.Length, source.Length);
        int bytes = checked((int)BlockBytes);
        for (int i = 0; i < blocks.Length; i++)
        {
            source.Slice(i * bytes, bytes).CopyTo(GetBlock(group, blocks[i]));
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
            throw new InvalidOperationException($"Group {group} has no memory in this pool; attach it before it is used.");
        }
    }

    internal byte* Keys(int group, int block, int head)
    {
        if ((uint)block >= (uint)Blocks)
        {
            throw new ArgumentOutOfRangeException(nameof(block), block, $"Blocks are numbered 0 to {Blocks - 1}.");
        }

        return _groups[group]!.Pointer + (block * BlockBytes) + (head * HeadBytes);
    }

    internal byte* Values(int group, int block, int head) => Keys(group, block, head) + KeyBytes;

    /// <summary>Scales of codes, bfloat16: one a position for the keys, then for the values.</summary>
    internal ushort* Scales(int group, int block, int head) => (ushort*)(Keys(group, block, head) + HeadBytes - (2 * Positions * ScaleBytes));

    private void CheckLength(int blocks, int bytes)
    {
        if (bytes != blocks * BlockBytes)
        {
            throw new ArgumentException($"{bytes} bytes for {blocks} blocks of {BlockBytes}.", nameof(bytes));
        }
    }

    // Codes lie in pairs whatever they are multiplied in, so that a block's bytes do not depend on it.
    private static (int KeyElements, int ValueColumns) Geometry(int headSize, ElementType type)
    {
        if (headSize <= 0 || headSize % 2 != 0 || (type is not (ElementType.F32 or ElementType.BF16) && !KvCodes.Has(type)))
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
