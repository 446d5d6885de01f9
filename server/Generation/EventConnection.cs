using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>
/// The connection of a response of server-sent events. It sends the headers before the first event, and comments while nothing else is sent, so
/// that proxies and clients wait through a queue and a long prompt. It does not know the events.
/// </summary>
internal sealed class EventConnection : IAsyncDisposable
{
    // Cancelling a send resets the connection, and the client never learns why the stream ended. A send in progress gets this much longer.
    private static readonly TimeSpan SendGrace = TimeSpan.FromSeconds(2);

    private readonly HttpContext _context;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly string _mediaType;
    private readonly SemaphoreSlim _sendLock = new(1, 1);
    private readonly CancellationTokenSource _sendEnd = new();
    private readonly CancellationTokenSource _commentsEnd = new();
    private readonly CancellationTokenRegistration _ending;
    private readonly Task _comments;
    private long _lastSent;
    private bool _prepared, _commentOpen;

    // The bytes of the empty comment that waits to be sent with the next event.
    private int _commentEnd;

    /// <summary>Starts the timer of the comments.</summary>
    /// <param name="context">The request.</param>
    /// <param name="mediaType">The media type of the response.</param>
    /// <param name="interval">How long nothing is sent before a comment is; zero for no comments.</param>
    /// <param name="time">The clock.</param>
    /// <param name="end">Ends the request.</param>
    public EventConnection(HttpContext context, string mediaType, TimeSpan interval, TimeProvider time, CancellationToken end)
    {
        _context = context;
        _mediaType = mediaType;
        _interval = interval;
        _time = time;
        _lastSent = time.GetTimestamp();
        _ending = end.UnsafeRegister(static state => ((CancellationTokenSource)state!).CancelAfter(SendGrace), _sendEnd);
        _comments = interval > TimeSpan.Zero ? SendCommentsAsync() : Task.CompletedTask;
    }

    private static ReadOnlySpan<byte> Comment => ": keep-alive\n\n"u8;

    private static ReadOnlySpan<byte> EmptyComment => ":\n\n"u8;

    /// <summary>Where events are written, between <see cref="LockAsync"/> and <see cref="Release"/>.</summary>
    public PipeWriter Body => _context.Response.BodyWriter;

    /// <summary>Waits until the caller alone may write events. It calls <see cref="Release"/> afterwards.</summary>
    public async ValueTask LockAsync(CancellationToken cancellationToken)
    {
        await _sendLock.WaitAsync(cancellationToken);
        if (_commentOpen)
        {
            // Some clients, such as vLLM's benchmark, strip white space from the ends of what they read at once. They would take a comment that was
            // sent alone and the next event for one line. Another comment in the same write ends the first one for them too.
            _commentOpen = false;
            Body.Write(EmptyComment);
            _commentEnd = EmptyComment.Length;
        }
    }

    /// <summary>Allows others to write.</summary>
    public void Release() => _sendLock.Release();

    /// <summary>
    /// Sends what was written, if anything, and waits while the client reads slowly. Some time after the end of the request it resets the connection.
    /// </summary>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    public async ValueTask FlushAsync()
    {
        Prepare();
        if (_context.Response.HasStarted && Body.CanGetUnflushedBytes && Body.UnflushedBytes <= _commentEnd)
        {
            // A chunk that shows nothing, such as hidden reasoning, must not put off the next comment.
            return;
        }

        _commentEnd = 0;
        Volatile.Write(ref _lastSent, _time.GetTimestamp());
        FlushResult result = await Body.FlushAsync(_sendEnd.Token);
        if (result.IsCompleted)
        {
            throw new OperationCanceledException("The reader is gone.");
        }
    }

    /// <summary>Ends the comments.</summary>
    /// <returns>Whether the headers were sent.</returns>
    public async ValueTask<bool> EndCommentsAsync()
    {
        await _commentsEnd.CancelAsync();
        await _comments;
        return _context.Response.HasStarted;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await EndCommentsAsync();
        await _ending.DisposeAsync();
        _commentsEnd.Dispose();
        _sendEnd.Dispose();
        _sendLock.Dispose();
    }

    private void Prepare()
    {
        if (!_prepared)
        {
            _prepared = true;
            _context.Response.ContentType = _mediaType;
            _context.Response.Headers.CacheControl = "no-cache";
            // Without it, proxies such as nginx buffer the stream.
            _context.Response.Headers["X-Accel-Buffering"] = "no";
        }
    }

    private async Task SendCommentsAsync()
    {
        try
        {
            while (true)
            {
                TimeSpan left = _interval - _time.GetElapsedTime(Volatile.Read(ref _lastSent));
                if (left > TimeSpan.Zero)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)), _time, _commentsEnd.Token);
                    continue;
                }

                await _sendLock.WaitAsync(_commentsEnd.Token);
                try
                {
                    if (_time.GetElapsedTime(_lastSent) >= _interval)
                    {
                        Body.Write(Comment);
                        _commentOpen = true;
                        await FlushAsync();
                    }
                }
                finally
                {
                    _sendLock.Release();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The comments have ended, or the client is gone, which ends the request too.
        }
    }
}
