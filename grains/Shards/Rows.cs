using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>Copies rows of an <see cref="Activation"/> to and from the dense bytes of a message.</summary>
internal static class Rows
{
    /// <summary>The sum of the rows of all experts.</summary>
    public static int Count(ReadOnlySpan<int> counts)
    {
        int rows = 0;
        foreach (int count in counts)
        {
            rows += count;
        }

        return rows;
    }

    /// <summary>Allocates bytes for rows of the same length as those of an activation. The content is undefined.</summary>
    public static byte[] Allocate(int rows, Activation like) => GC.AllocateUninitializedArray<byte>(rows * RowBytes(like));

    /// <summary>Copies rows of an activation into bytes, starting at row <paramref name="to"/> of the bytes.</summary>
    public static void Write(Activation source, int first, int rows, byte[] bytes, int to) =>
        source.CopyOut(first, rows, bytes.AsSpan(to * RowBytes(source), rows * RowBytes(source)));

    /// <summary>Copies bytes, starting at their row <paramref name="from"/>, into rows of an activation.</summary>
    public static void Read(byte[] bytes, int from, Activation target, int first, int rows) =>
        target.CopyIn(first, rows, bytes.AsSpan(from * RowBytes(target), rows * RowBytes(target)));

    /// <summary>Checks that the bytes of a message are as many rows as it says, and that they fit.</summary>
    /// <exception cref="GrainCallException">They are not, or do not.</exception>
    public static void Check(byte[] bytes, int rows, Activation target)
    {
        if (bytes.Length != (long)rows * RowBytes(target) || rows > target.Rows)
        {
            throw new GrainCallException($"{bytes.Length} bytes came for {rows} rows of {RowBytes(target)} bytes; at most {target.Rows} rows fit.");
        }
    }

    private static int RowBytes(Activation rows) => rows.RowBytes(0).Length;
}
