using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Kernels.Devices;

/// <summary>
/// The memory of cached keys and values on a device: for each group of layers that share them, blocks of <see cref="Attention.KvBlocks.Positions"/>
/// positions. The memory of a group can be attached and released separately. The caller assigns blocks to sequences. Not thread-safe unless a member
/// says so: copy blocks, and attach and release groups, between steps only.
/// </summary>
public interface IKvPool : IDisposable
{
    /// <summary>Number of groups.</summary>
    int Groups { get; }

    /// <summary>Number of blocks of each group.</summary>
    int Blocks { get; }

    /// <summary>Bytes of one block of one group, as it is copied.</summary>
    long BlockBytes { get; }

    /// <summary>Bytes of all blocks of one group.</summary>
    long GroupBytes { get; }

    /// <summary>Bytes of all blocks of all groups that have memory.</summary>
    long TotalBytes { get; }

    /// <summary>Whether the group has memory. Any thread may call this.</summary>
    bool HasMemory(int group);

    /// <summary>Allocates memory for one group. The caller owns it until <see cref="Attach"/>. Any thread may call this.</summary>
    IDeviceMemory AllocateGroup();

    /// <summary>Gives a group its memory and takes ownership of it.</summary>
    /// <param name="group">A group without memory.</param>
    /// <param name="memory">Memory from <see cref="AllocateGroup"/> of this pool.</param>
    void Attach(int group, IDeviceMemory memory);

    /// <summary>Frees the memory of a group with all its blocks. Returns false if the group has none.</summary>
    bool Release(int group);

    /// <summary>Copies blocks to <paramref name="target"/>, one after the other.</summary>
    /// <param name="group">Group.</param>
    /// <param name="blocks">Block numbers.</param>
    /// <param name="target">Receives blocks.Length * <see cref="BlockBytes"/> bytes.</param>
    void CopyOut(int group, ReadOnlySpan<int> blocks, Span<byte> target);

    /// <summary>Copies blocks from <paramref name="source"/>, in the form that <see cref="CopyOut"/> writes. Block numbers may differ.</summary>
    void CopyIn(int group, ReadOnlySpan<int> blocks, ReadOnlySpan<byte> source);
}
