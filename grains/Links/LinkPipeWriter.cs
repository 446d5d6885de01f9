using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Threading.Channels;

namespace HunyuanOrleans.Grains.Links;

/// <summary>
/// The sending end of a connection over a simulated link. A flush takes as long as the link is busy with the bytes, as on a network; the bytes reach
/// the connection in order, a latency after they left. <see cref="RunAsync"/> delivers them.
/// </summary>
internal sealed class LinkPipeWriter : PipeWriter
{
    private const int SegmentBytes = 1 << 16;

    private readonly PipeWriter _connection;
    private readonly LinkDirection _link;
    private readonly LinkTimer _sending;
    private readonly LinkTimer _delivering;
    private readonly Pipe _bytes;
    private readonly Channel<Piece> _pieces =
        Channel.CreateUnbounded<Piece>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true, AllowSynchronousContinuations = false });

    // How far the sender may be ahead of the link, so that the link stays busy while the sender wakes.
    private readonly long _ahead = (long)(LinkDirection.PieceTime.TotalSeconds * Stopwatch.Frequency);
    private int _unflushed;

    /// <summary>Creates the sending end.</summary>
    /// <param name="connection">Where bytes go when they arrive.</param>
    /// <param name="link">The direction of the link; other connections share it.</param>
    /// <param name="clock">Wakes it.</param>
    public LinkPipeWriter(PipeWriter connection, LinkDirection link, LinkClock clock)
    {
        (_connection, _link) = (connection, link);
        (_sending, _delivering) = (new LinkTimer(clock), new LinkTimer(clock));

        // Flushing waits for the link, not for the pipe.
        _bytes = new Pipe(new PipeOptions(pauseWriterThreshold: 0, minimumSegmentSize: SegmentBytes, useSynchronizationContext: false));
    }

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <inheritdoc/>
    public override long UnflushedBytes => _unflushed;

    /// <inheritdoc/>
    public override void Advance(int bytes)
    {
        _bytes.Writer.Advance(bytes);
        _unflushed += bytes;
    }

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0) => _bytes.Writer.GetMemory(sizeHint);

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => _bytes.Writer.GetSpan(sizeHint);

    /// <inheritdoc/>
    public override void CancelPendingFlush()
    {
        _sending.Cancel();
        _bytes.Writer.CancelPendingFlush();
    }

    /// <summary>Ends the sending. What is on its way is delivered at once, because the connection closes next.</summary>
    public override void Complete(Exception? exception = null)
    {
        _sending.Cancel();
        _delivering.Cancel();
        _bytes.Writer.Complete(exception);
        _pieces.Writer.TryComplete();
    }

    /// <inheritdoc/>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        int bytes = _unflushed;
        _unflushed = 0;
        ValueTask<FlushResult> flushed = _bytes.Writer.FlushAsync(cancellationToken);
        if (bytes > _link.PieceBytes)
        {
            return SendAsync(bytes, flushed);
        }

        if (bytes > 0 && Send(bytes) is long wait && wait > 0)
        {
            return WaitAsync(wait, flushed);
        }

        return flushed;
    }

    /// <summary>Delivers bytes until the writer is completed or the connection closed. It never throws.</summary>
    public async Task RunAsync()
    {
        Exception? error = null;
        try
        {
            while (await _pieces.Reader.WaitToReadAsync().ConfigureAwait(false))
            {
                while (_pieces.Reader.TryRead(out Piece piece))
                {
                    await _delivering.WaitUntilAsync(piece.Due).ConfigureAwait(false);
                    if (!await DeliverAsync(piece.Bytes).ConfigureAwait(false))
                    {
                        return;
                    }
                }
            }
        }
        catch (Exception fault)
        {
            // The connection was closed meanwhile. Whoever reads from it learns why.
            error = fault;
        }
        finally
        {
            await _bytes.Reader.CompleteAsync(error).ConfigureAwait(false);
            await _connection.CompleteAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Ends the delivery, because the connection is closed.</summary>
    public void Abort()
    {
        Complete();
        _connection.CancelPendingFlush();
    }

    // Returns the time until which the sender must wait, 0 for no wait.
    private long Send(int bytes)
    {
        long now = Stopwatch.GetTimestamp();
        long sent = _link.Reserve(now, bytes);
        _pieces.Writer.TryWrite(new Piece(bytes, sent + _link.LatencyTicks));
        return sent - _ahead > now ? sent - _ahead : 0;
    }

    private async ValueTask<FlushResult> SendAsync(int bytes, ValueTask<FlushResult> flushed)
    {
        for (int left = bytes; left > 0;)
        {
            int piece = Math.Min(left, _link.PieceBytes);
            left -= piece;
            await _sending.WaitUntilAsync(Send(piece)).ConfigureAwait(false);
        }

        return await ResultAsync(flushed).ConfigureAwait(false);
    }

    private async ValueTask<FlushResult> WaitAsync(long until, ValueTask<FlushResult> flushed)
    {
        await _sending.WaitUntilAsync(until).ConfigureAwait(false);
        return await ResultAsync(flushed).ConfigureAwait(false);
    }

    private async ValueTask<FlushResult> ResultAsync(ValueTask<FlushResult> flushed)
    {
        FlushResult result = await flushed.ConfigureAwait(false);
        return new FlushResult(result.IsCanceled || _sending.IsCancelled, result.IsCompleted);
    }

    private async ValueTask<bool> DeliverAsync(int bytes)
    {
        ReadResult read = await _bytes.Reader.ReadAtLeastAsync(bytes).ConfigureAwait(false);
        ReadOnlySequence<byte> piece = read.Buffer.Slice(0, Math.Min(bytes, read.Buffer.Length));
        foreach (ReadOnlyMemory<byte> segment in piece)
        {
            _connection.Write(segment.Span);
        }

        _bytes.Reader.AdvanceTo(piece.End);
        FlushResult flush = await _connection.FlushAsync().ConfigureAwait(false);
        return flush is { IsCanceled: false, IsCompleted: false };
    }

    /// <summary>Consecutive bytes and the time at which they arrive.</summary>
    private readonly record struct Piece(int Bytes, long Due);
}
