using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>How cached keys and values are stored.</summary>
public enum KvFormat
{
    /// <summary>bfloat16, 2 bytes.</summary>
    Bf16,

    /// <summary>float32, 4 bytes.</summary>
    F32,

    /// <summary>8-bit floats, 1 byte.</summary>
    Fp8,

    /// <summary>8-bit integers, 1 byte.</summary>
    Int8,
}

/// <summary>Sizes of <see cref="KvFormat"/>.</summary>
public static class KvFormats
{
    /// <summary>Bytes of one element.</summary>
    public static int ElementBytes(this KvFormat format) => format switch
    {
        KvFormat.F32 => 4,
        KvFormat.Bf16 => 2,
        _ => 1,
    };

    /// <summary>
    /// Bytes of one block of <see cref="KvBlocks.Positions"/> positions in one CLA group, the padding of small heads included. The 8-bit
    /// formats take half of what bfloat16 does.
    /// </summary>
    public static long BlockBytes(this KvFormat format, ModelConfig config) => format switch
    {
        KvFormat.F32 => KvBlocks.BytesPerBlock(config.KvHeads, config.HeadDim, ElementType.F32),
        KvFormat.Bf16 => KvBlocks.BytesPerBlock(config.KvHeads, config.HeadDim, ElementType.BF16),
        _ => KvBlocks.BytesPerBlock(config.KvHeads, config.HeadDim, ElementType.BF16) / 2,
    };
}
