using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>Rows of an <see cref="HunyuanOrleans.Kernels.Memory.Activation"/> to and from the dense bytes of a message.</summary>
internal static class Rows
{
    public static int Count(ReadOnlySpan<int> counts)
    {
        int rows = 0;
        foreach (int count in counts)
        {
            rows += count;
        }

        return rows;
    }

    public static byte[] Allocate(int rows, Activation like) => GC.AllocateUninitializedArray<byte>(rows * RowBytes(like));

    /// <summary>Copies rows into bytes, from row number <paramref name="to"/> of them on.</summary>
    public static void Write(Activation source, int first, int rows, byte[] bytes, int to) =>
        source.CopyOut(first, rows, bytes.AsSpan(to * RowBytes(source), rows * RowBytes(source)));

    /// <summary>Copies bytes, from row number <paramref name="from"/> of them on, into rows.</summary>
    public static void Read(byte[] bytes, int from, Activation target, int first, int rows) =>
        target.CopyIn(first, rows, bytes.AsSpan(from * RowBytes(target), rows * RowBytes(target)));

    /// <summary>Refuses a message whose bytes are not as many rows as it says, or more than fit.</summary>
    public static void Check(byte[] bytes, int rows, Activation target)
    {
        if (bytes.Length != (long)rows * RowBytes(target) || rows > target.Rows)
        {
            throw new GrainCallException($"{bytes.Length} bytes came for {rows} rows of {RowBytes(target)} bytes; at most {target.Rows} rows fit.");
        }
    }

    private static int RowBytes(Activation rows) => rows.RowBytes(0).Length;
}
