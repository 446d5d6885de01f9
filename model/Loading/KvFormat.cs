using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Loading;

/// <summary>The element type of cached keys and values.</summary>
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

/// <summary>Names, element types and sizes of <see cref="KvFormat"/>.</summary>
public static class KvFormatExtensions
{
    /// <summary>The element type of the cache.</summary>
    public static ElementType Element(this KvFormat format) => format switch
    {
        KvFormat.F32 => ElementType.F32,
        KvFormat.Fp8 => ElementType.F8E4M3,
        KvFormat.Int8 => ElementType.I8,
        _ => ElementType.BF16,
    };

    /// <summary>
    /// Bytes of one block of <see cref="KvBlocks.Positions"/> positions in one CLA group, including scales and the padding of small heads.
    /// </summary>
    public static long BlockBytes(this KvFormat format, ModelConfig config) => KvBlocks.BytesPerBlock(config.KvHeads, config.HeadDim, format.Element());

    /// <summary>Bytes of one position over all layers, each CLA group counted once.</summary>
    public static long PositionBytes(this KvFormat format, ModelConfig config) => format.BlockBytes(config) * config.KvGroups / KvBlocks.Positions;

    /// <summary>The name of the format in options and settings, such as "int8".</summary>
    public static string Name(this KvFormat format) => format.ToString().ToLowerInvariant();
}
