namespace HunyuanOrleans.Cuda.Tests;

/// <summary>Operands for tests of instructions: special values first, then random ones.</summary>
internal static class Operands
{
    public static readonly ulong[] Words =
        [0, 1, 2, 3, 7, 31, 32, 33, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0x12345678, 0xdeadbeef];

    public static readonly ulong[] Longs = [.. Words, 63, 64, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff, 0x0123456789abcdef, 0xffffffff00000000];

    public static readonly ulong[] Singles =
    [
        .. new float[]
        {
            0, -0f, 1, -1, 1.5f, 0.5f, -0.5f, 2.5f, -2.5f, 3.5f, 1e-40f, -1e-40f, float.Epsilon, float.MaxValue, float.MinValue, float.PositiveInfinity,
            float.NegativeInfinity, float.NaN, 16777217, 2147483648f, -2147483648f, 4294967296f, 255.5f, 65536, 3.14159f, 1e20f, -1e20f, 448, 464, 480,
            0.0009765625f, 0.00292969f, 1.00390625f, 1.01171875f,
        }.Select(static value => (ulong)BitConverter.SingleToUInt32Bits(value)),
        0x7f800001, 0xffc12345, 0x00800000, 0x807fffff, 0x3f808000, 0x3f818000, 0x3f808001,
    ];

    public static readonly ulong[] Doubles =
    [
        .. new double[]
        {
            0, -0.0, 1, -1, 0.5, 1.5, -2.5, double.Epsilon, double.MaxValue, double.PositiveInfinity, double.NegativeInfinity, double.NaN, 1e300, 9007199254740993,
            3e9, -3e9, 1e19, 1.0000000596046448, 1.00000017881393432617, 1e-45, 1e-310,
        }.Select(static value => BitConverter.DoubleToUInt64Bits(value)),
    ];

    /// <summary>All pairs of some values, and random ones.</summary>
    public static List<ulong[]> Pairs(ulong[] a, ulong[] b, int size) => [.. a.SelectMany(x => b.Select(y => (ulong[])[x, y])), .. Random(2, size)];

    /// <summary>Triples of some values, and random ones.</summary>
    public static List<ulong[]> Triples(ulong[] values, int size) =>
        [.. values.SelectMany((x, i) => values.Select((y, j) => (ulong[])[x, y, values[(i + (3 * j)) % values.Length]])), .. Random(3, size)];

    /// <summary>Values alone, and random ones.</summary>
    public static List<ulong[]> Alone(ulong[] values, int size) => [.. values.Select(static value => (ulong[])[value]), .. Random(1, size)];

    private static IEnumerable<ulong[]> Random(int count, int size)
    {
        Random random = new(17);
        return [.. Enumerable.Range(0, 200).Select(_ => (ulong[])[.. Enumerable.Range(0, count).Select(_ => (ulong)random.NextInt64() >> (64 - (8 * size)))])];
    }
}
