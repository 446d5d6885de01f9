using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Loading;

/// <summary>How cached keys and values are stored.</summary>
public enum KvFormat
{
    /// <summary>bfloat16, 2 bytes.</summary>
    Bf16,

    /// <summary>float32, 4 bytes.</summary>
    F32,

    /// <summary>8-bit floats (e4m3), 1 byte, with a scale for each position and head.</summary>
    Fp8,

    /// <summary>8-bit integers, 1 byte, with a scale for each position and head.</summary>
    Int8,
}

/// <summary>What follows from a <see cref="KvFormat"/>.</summary>
public static class KvFormats
{
    /// <summary>The type of the elements.</summary>
    public static ElementType Element(this KvFormat format) => format switch
    {
        KvFormat.F32 => ElementType.F32,
        KvFormat.Fp8 => ElementType.F8E4M3,
        KvFormat.Int8 => ElementType.I8,
        _ => ElementType.BF16,
    };

    /// <summary>Bytes of one block of <see cref="KvBlocks.Positions"/> positions in one CLA group, scales and the padding of small heads included.</summary>
    public static long BlockBytes(this KvFormat format, ModelConfig config) => KvBlocks.BytesPerBlock(config.KvHeads, config.HeadDim, format.Element());

    /// <summary>Bytes of one position over all layers, each CLA group counted once.</summary>
    public static long PositionBytes(this KvFormat format, ModelConfig config) => format.BlockBytes(config) * config.KvGroups / KvBlocks.Positions;

    /// <summary>The format as options and settings spell it.</summary>
    public static string Name(this KvFormat format) => format.ToString().ToLowerInvariant();
}
