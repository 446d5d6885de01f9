namespace HunyuanOrleans.Grains.Messages;

/// <summary>
/// Rows of a message, as bytes in pieces of a <see cref="RowPool"/>. Their creator writes them; once they are part of a message they do not change.
/// </summary>
/// <remarks>
/// <para>
/// Calls time out, are repeated and answered late, and calls within a silo share their arguments, so memory could be given back while somebody still reads it,
/// and wrong tokens would follow. Two rules prevent that. Whoever reads holds the memory with <see cref="Read"/> meanwhile: memory that was given back before
/// cannot be read, and memory that is given back meanwhile is used again only after the last reader has ended. And memory is given back in three places only,
/// where nobody is left who needs it. In all other cases nobody does: the garbage collector takes it, and the pool allocates other pieces.
/// </para>
/// <list type="bullet">
/// <item>The sender of a request owns its rows. It calls <see cref="ReturnSent"/> once every call with them has been answered.</item>
/// <item>Rows of a reply belong to the connection (<see cref="AllocateReply(int)"/>): they are given back when they have been written to it. If the connection breaks
/// and Orleans writes the reply again, the caller gets an <see cref="ObjectDisposedException"/> instead and repeats its call, as it does when a reply is lost.</item>
/// <item>The receiver of a request or reply owns what came over a connection. It calls <see cref="ReturnReceived"/> when it has copied the rows to a device.
/// Rows that did not come over a connection are the sender's object, and the call does nothing.</item>
/// </list>
/// Thread-safe, except for writing.
/// </remarks>
[Immutable]
public sealed class RowBytes
{
    private readonly RowPool _pool;
    private readonly Origin _origin;
    private byte[][] _pieces;

    // Readers, and one for the owner until it gives the memory back.
    private int _holders = 1;
    private bool _returned;
    private volatile bool _written;

    private RowBytes(int length, Origin origin, RowPool pool)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        (Length, _origin, _pool) = (length, origin, pool);
        _pieces = length == 0 ? [] : new byte[((length - 1) / RowPool.PieceBytes) + 1][];
        for (int i = 0; i < _pieces.Length; i++)
        {
            _pieces[i] = pool.Take(Math.Min(RowPool.PieceBytes, length - (i * RowPool.PieceBytes)));
        }
    }

    private enum Origin
    {
        Request,
        Reply,
        Connection,
    }

    /// <summary>No rows.</summary>
    public static RowBytes Empty { get; } = Allocate(0);

    /// <summary>Number of bytes.</summary>
    public int Length { get; }

    /// <summary>Takes memory for the rows of a request. The content is undefined.</summary>
    public static RowBytes Allocate(int length) => Allocate(length, RowPool.Shared);

    /// <summary>Takes memory for the rows of a reply, which is given back when the reply has been written to a connection. The content is undefined.</summary>
    public static RowBytes AllocateReply(int length) => AllocateReply(length, RowPool.Shared);

    /// <inheritdoc cref="Allocate(int)"/>
    internal static RowBytes Allocate(int length, RowPool pool) => new(length, Origin.Request, pool);

    /// <inheritdoc cref="AllocateReply(int)"/>
    internal static RowBytes AllocateReply(int length, RowPool pool) => new(length, Origin.Reply, pool);

    /// <summary>Takes memory for rows that arrive over a connection.</summary>
    internal static RowBytes AllocateReceived(int length, RowPool pool) => length == 0 ? Empty : new(length, Origin.Connection, pool);

    /// <summary>The memory from an offset to the end of its piece. Only the creator writes, and only before anybody else has the rows.</summary>
    /// <param name="offset">In bytes, less than <see cref="Length"/>.</param>
    internal Span<byte> Writable(int offset)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)offset, (uint)Length, nameof(offset));
        int start = offset % RowPool.PieceBytes;
        return _pieces[offset / RowPool.PieceBytes].AsSpan(start, Math.Min(RowPool.PieceBytes - start, Length - offset));
    }

    /// <summary>Writes bytes, under the conditions of <see cref="Writable"/>.</summary>
    internal void Write(int offset, ReadOnlySpan<byte> source)
    {
        while (!source.IsEmpty)
        {
            Span<byte> piece = Writable(offset);
            int count = Math.Min(piece.Length, source.Length);
            source[..count].CopyTo(piece);
            source = source[count..];
            offset += count;
        }
    }

    /// <summary>Holds the memory while it is read.</summary>
    /// <exception cref="ObjectDisposedException">It was given back.</exception>
    public Reading Read()
    {
        int holders = Volatile.Read(ref _holders);
        while (true)
        {
            ObjectDisposedException.ThrowIf(holders == 0, this);
            int seen = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (seen == holders)
            {
                return new Reading(this);
            }

            holders = seen;
        }
    }

    /// <summary>All bytes, for tests and messages.</summary>
    public byte[] ToArray()
    {
        byte[] bytes = new byte[Length];
        using Reading reading = Read();
        reading.CopyTo(0, bytes);
        return bytes;
    }

    /// <summary>
    /// Gives the memory of a request back. The sender calls it when every call with these rows has been answered. Rows that never left the silo are shared with
    /// the receiver, which may keep them, so they are left to the garbage collector.
    /// </summary>
    public void ReturnSent()
    {
        if (_origin == Origin.Request && _written)
        {
            Return();
        }
    }

    /// <summary>
    /// Gives the memory of rows that came over a connection back. Their receiver calls it when nobody reads them any more. It does nothing to other rows.
    /// </summary>
    public void ReturnReceived()
    {
        if (_origin == Origin.Connection)
        {
            Return();
        }
    }

    /// <summary>Records that the rows were written to a connection.</summary>
    internal void MarkWritten()
    {
        _written = true;
        if (_origin == Origin.Reply)
        {
            Return();
        }
    }

    // However often it is called, the owner counts once.
    private void Return()
    {
        if (Length > 0 && !Interlocked.Exchange(ref _returned, true))
        {
            Release();
        }
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _holders) > 0)
        {
            return;
        }

        byte[][] pieces = _pieces;
        _pieces = [];
        foreach (byte[] piece in pieces)
        {
            _pool.Give(piece);
        }
    }

    /// <summary>The right to read rows, until it is disposed. It never leaves the method that took it, and is disposed once.</summary>
    public readonly ref struct Reading
    {
        private readonly RowBytes _rows;

        internal Reading(RowBytes rows) => _rows = rows;

        /// <summary>The bytes from an offset to the end of their piece.</summary>
        /// <param name="offset">In bytes, less than the length.</param>
        public ReadOnlySpan<byte> From(int offset) => _rows.Writable(offset);

        /// <summary>Copies bytes.</summary>
        /// <exception cref="ArgumentOutOfRangeException">There are not that many from <paramref name="offset"/> on.</exception>
        public void CopyTo(int offset, Span<byte> target)
        {
            while (!target.IsEmpty)
            {
                ReadOnlySpan<byte> piece = From(offset);
                int count = Math.Min(piece.Length, target.Length);
                piece[..count].CopyTo(target);
                target = target[count..];
                offset += count;
            }
        }

        /// <summary>Ends reading.</summary>
        public void Dispose() => _rows.Release();
    }
}
