using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Attention;

/// <summary>
/// Memory of cached keys and values: for each layer group a pool of blocks of 32 positions. A block holds, per key/value head, the
/// keys as [steps of the head][32 positions] and the values as [steps of positions][head], so that both are weights of the panel
/// kernels as they stand. It does not know which sequence a block belongs to; block numbers are the caller's.
/// </summary>
public sealed unsafe class KvBlocks : IDisposable
{
    /// <summary>Positions a block holds.</summary>
    public const int Positions = 32;

    private readonly NativeBuffer[] _groups;

    /// <summary>Reserves the memory.</summary>
    /// <param name="groups">Groups of layers that share keys and values.</param>
    /// <param name="blocks">Blocks in each group's pool.</param>
    /// <param name="heads">Key/value heads.</param>
    /// <param name="headSize">Elements of a head, even.</param>
    /// <param name="type">F32 or BF16.</param>
    public KvBlocks(int groups, int blocks, int heads, int headSize, ElementType type)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blocks);
        Groups = groups;
        Blocks = blocks;
        Heads = heads;
        HeadSize = headSize;
        Type = type;
        (KeySteps, ValueColumns) = Geometry(headSize, type);
        BlockBytes = BytesPerBlock(heads, headSize, type);
        _groups = new NativeBuffer[groups];

        // Values are cleared when a block begins and keys are masked by position; only padding inside a key head must be zero.
        bool padded = KeySteps * type.StepElements() != headSize;
        for (int g = 0; g < groups; g++)
        {
            _groups[g] = new NativeBuffer(BlockBytes * blocks, clear: padded);
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

    /// <summary>Element type.</summary>
    public ElementType Type { get; }

    /// <summary>Bytes of one block in one group, all heads, keys and values.</summary>
    public long BlockBytes { get; }

    /// <summary>Bytes of all groups and blocks.</summary>
    public long TotalBytes => BlockBytes * Blocks * Groups;

    /// <summary>4-byte steps of a key head, padded.</summary>
    internal int KeySteps { get; }

    /// <summary>Columns of a value head, padded to whole panels.</summary>
    internal int ValueColumns { get; }

    /// <summary>4-byte steps over the positions of a block.</summary>
    internal int ValueSteps => Positions / Type.StepElements();

    /// <summary>Bytes of one key head in one block; its values follow.</summary>
    internal long KeyBytes => (long)KeySteps * Positions * 4;

    /// <summary>Bytes of one head in one block, keys and values.</summary>
    internal long HeadBytes => KeyBytes + ((long)ValueSteps * ValueColumns * 4);

    /// <summary>Bytes of one block in one group for these sizes.</summary>
    /// <exception cref="ArgumentException">The head size is odd or not positive, or the type is neither F32 nor BF16.</exception>
    public static long BytesPerBlock(int heads, int headSize, ElementType type)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(heads);
        (int steps, int columns) = Geometry(headSize, type);
        return heads * (((long)steps * Positions * 4) + ((long)Positions / type.StepElements() * columns * 4));
    }

    /// <summary>The bytes of a block: what moves when a block moves. Valid until disposed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such group or block.</exception>
    public Span<byte> BlockBytesOf(int group, int block)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)group, (uint)Groups, nameof(group));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)block, (uint)Blocks, nameof(block));
        return _groups[group].Slice(block * BlockBytes, checked((int)BlockBytes));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NativeBuffer buffer in _groups)
        {
            buffer.Dispose();
        }
    }

    internal byte* Keys(int group, int block, int head)
    {
        if ((uint)block >= (uint)Blocks)
        {
            throw new ArgumentOutOfRangeException(nameof(block), block, $"Blocks are numbered 0 to {Blocks - 1}.");
        }

        return _groups[group].Pointer + (block * BlockBytes) + (head * HeadBytes);
    }

    internal byte* Values(int group, int block, int head) => Keys(group, block, head) + KeyBytes;

    private static (int KeySteps, int ValueColumns) Geometry(int headSize, ElementType type)
    {
        if (headSize <= 0 || headSize % 2 != 0 || type is not (ElementType.F32 or ElementType.BF16))
        {
            throw new ArgumentException($"Heads of {headSize} {type} elements cannot be cached: the size must be even, the type F32 or BF16.", nameof(headSize));
        }

        int perGroup = type.StepElements() * PanelKernels.StepUnit;
        int steps = (headSize + perGroup - 1) / perGroup * PanelKernels.StepUnit;
        int columns = (headSize + PanelKernels.PanelRows - 1) / PanelKernels.PanelRows * PanelKernels.PanelRows;
        return (steps, columns);
    }
}
