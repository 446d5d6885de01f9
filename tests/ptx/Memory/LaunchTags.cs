namespace HunyuanOrleans.Ptx.Memory;

/// <summary>
/// Numbers for the records of one launch. A record that is smaller belongs to an earlier launch or to a copy. Two numbers of each block say that it alone
/// read or wrote a byte, one number says that several blocks read it.
/// </summary>
/// <param name="First">The number for bytes that several blocks read.</param>
internal readonly record struct LaunchTags(uint First)
{
    /// <summary>The number for bytes that a block alone read.</summary>
    public uint Read(uint block) => First + 1 + (2 * block);

    /// <summary>The number for bytes that a block alone wrote.</summary>
    public uint Written(uint block) => First + 2 + (2 * block);
}
