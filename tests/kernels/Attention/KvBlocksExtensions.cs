using HunyuanOrleans.Kernels.Attention;

namespace HunyuanOrleans.Kernels.Tests.Attention;

/// <summary>Whole blocks of a pool.</summary>
internal static class KvBlocksExtensions
{
    /// <summary>A copy of the bytes of a block: for each head its keys, values and scales.</summary>
    public static byte[] ReadBlock(this KvBlocks cache, int group, int block)
    {
        byte[] bytes = new byte[cache.BlockBytes];
        cache.CopyOut(group, [block], bytes);
        return bytes;
    }

    /// <summary>Sets every byte of a block.</summary>
    public static void FillBlock(this KvBlocks cache, int group, int block, byte value)
    {
        byte[] bytes = new byte[cache.BlockBytes];
        bytes.AsSpan().Fill(value);
        cache.CopyIn(group, [block], bytes);
    }
}
