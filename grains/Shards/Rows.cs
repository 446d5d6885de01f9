using System.Buffers;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>Copies rows of an <see cref="IRowBuffer"/> to and from the bytes of a message.</summary>
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

    /// <summary>Copies rows of a buffer into bytes.</summary>
    /// <param name="source">The buffer.</param>
    /// <param name="first">First row of the buffer.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="bytes">Receives them. Nobody else has it yet.</param>
    /// <param name="to">Row of the bytes to begin at.</param>
    /// <param name="host">Memory for a buffer that is not in the memory of the host, which is copied at once; null for one that is.</param>
    public static void Write(IRowBuffer source, int first, int rows, RowBytes bytes, int to, HostRows? host)
    {
        int length = source.RowLength, offset = to * length;
        if (host is not null)
        {
            Span<byte> all = host.Of(rows * length);
            source.CopyOut(first, rows, all);
            bytes.Write(offset, all);
            return;
        }

        while (rows > 0)
        {
            Span<byte> piece = bytes.Writable(offset);
            int whole = Math.Min(rows, piece.Length / length);
            if (whole > 0)
            {
                source.CopyOut(first, whole, piece[..(whole * length)]);
            }
            else
            {
                whole = 1;
                byte[] row = ArrayPool<byte>.Shared.Rent(length);
                source.CopyOut(first, 1, row.AsSpan(0, length));
                bytes.Write(offset, row.AsSpan(0, length));
                ArrayPool<byte>.Shared.Return(row);
            }

            (first, rows, offset) = (first + whole, rows - whole, offset + (whole * length));
        }
    }

    /// <summary>Copies bytes into rows of a buffer.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="from">Row of the bytes to begin at.</param>
    /// <param name="target">The buffer.</param>
    /// <param name="first">First row of the buffer.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="host">Memory for a buffer that is not in the memory of the host, which is copied at once; null for one that is.</param>
    /// <exception cref="ObjectDisposedException">The memory of the bytes was given back.</exception>
    public static void Read(RowBytes bytes, int from, IRowBuffer target, int first, int rows, HostRows? host)
    {
        using RowBytes.Reading reading = bytes.Read();
        int length = target.RowLength;
        if (host is null)
        {
            Read(reading, from * length, target, first, rows);
            return;
        }

        Span<byte> all = host.Of(rows * length);
        reading.CopyTo(from * length, all);
        target.CopyIn(first, rows, all);
    }

    /// <summary>Copies the hidden states of the rows of a message into a buffer. A hidden state may be that of several rows.</summary>
    /// <param name="bytes">The hidden states.</param>
    /// <param name="sources">The hidden state of each row.</param>
    /// <param name="target">The buffer, which receives the rows from its first row on.</param>
    /// <param name="host">Memory for a buffer that is not in the memory of the host, which is copied at once; null for one that is.</param>
    /// <exception cref="ObjectDisposedException">The memory of the bytes was given back.</exception>
    public static void Spread(RowBytes bytes, ReadOnlySpan<int> sources, IRowBuffer target, HostRows? host)
    {
        using RowBytes.Reading reading = bytes.Read();
        int length = target.RowLength;
        if (host is null)
        {
            for (int row = 0; row < sources.Length; row++)
            {
                Read(reading, sources[row] * length, target, row, 1);
            }

            return;
        }

        Span<byte> all = host.Of(sources.Length * length);
        for (int row = 0; row < sources.Length; row++)
        {
            reading.CopyTo(sources[row] * length, all.Slice(row * length, length));
        }

        target.CopyIn(0, sources.Length, all);
    }

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
    public static void Check(RowBytes bytes, int rows, IRowBuffer target)
    {
        if (bytes.Length != (long)rows * target.RowLength || rows > target.Rows)
        {
            throw new GrainCallException($"{bytes.Length} bytes came for {rows} rows of {target.RowLength} bytes; at most {target.Rows} rows fit.");
        }
    }

    private static void Read(in RowBytes.Reading reading, int offset, IRowBuffer target, int first, int rows)
    {
        int length = target.RowLength;
        while (rows > 0)
        {
            ReadOnlySpan<byte> piece = reading.From(offset);
            int whole = Math.Min(rows, piece.Length / length);
            if (whole > 0)
            {
                target.CopyIn(first, whole, piece[..(whole * length)]);
            }
            else
            {
                whole = 1;
                byte[] row = ArrayPool<byte>.Shared.Rent(length);
                reading.CopyTo(offset, row.AsSpan(0, length));
                target.CopyIn(first, 1, row.AsSpan(0, length));
                ArrayPool<byte>.Shared.Return(row);
            }

            (first, rows, offset) = (first + whole, rows - whole, offset + (whole * length));
        }
    }
}
