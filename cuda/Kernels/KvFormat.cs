namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>How elements of keys and values are stored. Kernels get it as a constant.</summary>
internal static class KvFormat
{
    /// <summary>float32.</summary>
    public const int F32 = 0;

    /// <summary>bfloat16.</summary>
    public const int Bf16 = 1;

    /// <summary>Integers from -127 to 127 with a bfloat16 scale for each position of a head.</summary>
    public const int I8 = 2;

    /// <summary>e4m3 floats with a bfloat16 scale for each position of a head.</summary>
    public const int E4M3 = 3;

    /// <summary>Bytes of an element.</summary>
    public static int Bytes(int format) => format == F32 ? 4 : format == Bf16 ? 2 : 1;

    /// <summary>Whether elements are codes with scales.</summary>
    public static bool HasScales(int format) => format >= I8;
}
