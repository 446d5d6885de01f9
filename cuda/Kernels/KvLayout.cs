using HunyuanOrleans.Kernels.Attention;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// Where elements lie in a block of 32 positions of one key/value head: the keys, the values, then the scales of keys and of values if elements are
/// codes. In the tensor core formats a lane's operand is contiguous, and so are the operands of a warp. In float32 positions follow each other.
/// </summary>
internal static class KvLayout
{
    /// <summary>Positions of a block.</summary>
    public const int Positions = KvBlocks.Positions;

    /// <summary>Bytes of the scales of the keys or of the values.</summary>
    public const int ScaleBytes = 2 * Positions;

    /// <summary>Bytes of the keys, or of the values.</summary>
    public static int ElementBytes(int size, int format) => Positions * size * KvFormat.Bytes(format);

    /// <summary>Bytes of one head of a block.</summary>
    public static int HeadBytes(int size, int format) => (2 * ElementBytes(size, format)) + (KvFormat.HasScales(format) ? 2 * ScaleBytes : 0);

    /// <summary>Number of a key's element among the keys: [positions / 8][elements / 32][8 positions][32 elements], or 16 elements at the end.</summary>
    public static int Key(int position, int element, int size, int format)
    {
        if (format == KvFormat.F32)
        {
            return (position * size) + element;
        }

        int chunk = element / 32;
        int width = (chunk + 1) * 32 <= size ? 32 : 16;
        return (position / 8 * 8 * size) + (chunk * 256) + (position % 8 * width) + (element % 32);
    }

    /// <summary>
    /// Number of a value's element among the values: [elements / 8][8 elements][4 pairs of neighbouring positions in each eight][4 eights][2].
    /// </summary>
    public static int Value(int position, int element, int size, int format) => format == KvFormat.F32
        ? (position * size) + element
        : (element * 32) + Scale(position);

    /// <summary>Number of a position's scale among the scales of the keys or of the values.</summary>
    public static int Scale(int position) => (position % 8 / 2 * 8) + (position / 8 * 2) + (position % 2);
}
