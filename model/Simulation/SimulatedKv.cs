using System.Buffers.Binary;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Model.Simulation;

/// <summary>
/// The K/V pool of a simulated device: a hash for each position of each block, which stands for the keys and values there. A block travels in as many
/// bytes as a real one would.
/// </summary>
internal sealed class SimulatedKv
{
    private readonly ulong[]?[] _groups;

    public SimulatedKv(ModelConfig config, ModelOptions options)
    {
        Blocks = (options.KvTokens + KvBlocks.Positions - 1) / KvBlocks.Positions;
        BlockBytes = KvBlocks.BytesPerBlock(config.KvHeads, config.HeadDim, options.CacheFormat.Element());
        _groups = new ulong[config.KvGroups][];
    }

    /// <summary>Number of blocks of each group.</summary>
    public int Blocks { get; }

    /// <summary>Bytes that a real block of a group would take.</summary>
    public long BlockBytes { get; }

    /// <summary>Bytes that a real group would take.</summary>
    public long GroupBytes => BlockBytes * Blocks;

    /// <summary>Gives a group its memory.</summary>
    public void Attach(int group) => _groups[group] = new ulong[Blocks * KvBlocks.Positions];

    /// <summary>Frees the memory of a group.</summary>
    public void Release(int group) => _groups[group] = null;

    /// <summary>The hashes of a group, [block * positions per block + position in the block].</summary>
    public ulong[] Group(int group) => _groups[group] ?? throw new InvalidOperationException($"Group {group} has no memory.");

    /// <summary>Copies blocks to bytes.</summary>
    public void CopyOut(int group, ReadOnlySpan<int> blocks, Span<byte> target)
    {
        int bytes = CheckLength(blocks.Length, target.Length);
        target.Clear();
        for (int i = 0; i < blocks.Length; i++)
        {
            for (int p = 0; p < KvBlocks.Positions; p++)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(target[((i * bytes) + (p * sizeof(ulong)))..], Block(group, blocks[i])[p]);
            }
        }
    }

    /// <summary>Copies blocks from bytes.</summary>
    public void CopyIn(int group, ReadOnlySpan<int> blocks, ReadOnlySpan<byte> source)
    {
        int bytes = CheckLength(blocks.Length, source.Length);
        for (int i = 0; i < blocks.Length; i++)
        {
            for (int p = 0; p < KvBlocks.Positions; p++)
            {
                Block(group, blocks[i])[p] = BinaryPrimitives.ReadUInt64LittleEndian(source[((i * bytes) + (p * sizeof(ulong)))..]);
            }
        }
    }

    private Span<ulong> Block(int group, int block) => Group(group).AsSpan(block * KvBlocks.Positions, KvBlocks.Positions);

    private int CheckLength(int blocks, int bytes) => blocks * BlockBytes == bytes
        ? (int)BlockBytes
        : throw new ArgumentException($"{bytes} bytes for {blocks} blocks of {BlockBytes} bytes.", nameof(bytes));
}
