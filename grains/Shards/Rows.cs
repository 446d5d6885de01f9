using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>Copies rows of an <see cref="IRowBuffer"/> to and from the dense bytes of a message.</summary>
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

    /// <summary>Allocates bytes for rows of the same length as those of a buffer. The content is undefined.</summary>
    public static byte[] Allocate(int rows, IRowBuffer like) => GC.AllocateUninitializedArray<byte>(rows * like.RowLength);

    /// <summary>Copies rows of a buffer into bytes, starting at row <paramref name="to"/> of the bytes.</summary>
    public static void Write(IRowBuffer source, int first, int rows, byte[] bytes, int to) =>
        source.CopyOut(first, rows, bytes.AsSpan(to * source.RowLength, rows * source.RowLength));

    /// <summary>Copies bytes, starting at their row <paramref name="from"/>, into rows of a buffer.</summary>
    public static void Read(byte[] bytes, int from, IRowBuffer target, int first, int rows) =>
        target.CopyIn(first, rows, bytes.AsSpan(from * target.RowLength, rows * target.RowLength));

    /// <summary>Checks that a message has the hidden states of as many rows as it says, and that they fit.</summary>
    /// <exception cref="GrainCallException">It has not, or they do not.</exception>
    public static void Check(ExpertMessage message, int rows, IRowBuffer target)
    {
        if (message.Sources.Length == 0)
        {
            Check(message.Rows, rows, target);
            return;
        }

        int states = message.Rows.Length / target.RowLength;
        Check(message.Rows, states, target);
        if (message.Sources.Length != rows || rows > target.Rows || message.Sources.AsSpan().ContainsAnyExceptInRange(0, states - 1))
        {
            throw new GrainCallException($"{states} hidden states came for {message.Sources.Length} of {rows} rows; at most {target.Rows} rows fit, each with one of the hidden states.");
        }
    }

    /// <summary>Checks that the bytes of a message are as many rows as it says, and that they fit.</summary>
    /// <exception cref="GrainCallException">They are not, or do not.</exception>
    public static void Check(byte[] bytes, int rows, IRowBuffer target)
    {
        if (bytes.Length != (long)rows * target.RowLength || rows > target.Rows)
        {
            throw new GrainCallException($"{bytes.Length} bytes came for {rows} rows of {target.RowLength} bytes; at most {target.Rows} rows fit.");
        }
    }
}
