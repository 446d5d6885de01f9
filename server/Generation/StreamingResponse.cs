using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Limits;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>
/// Sends choices as server-sent events while they are computed. All choices share the connection: each chunk is written and flushed under a
/// lock, so a slow client slows all choices and buffers stay small.
/// </summary>
internal sealed class StreamingResponse(HttpContext context, ResponseHeader header, GenerationJob job, List<RunningChoice> choices)
{
    // Cancelling a send resets the connection, and the client never learns why the stream ended. A send in progress gets this much longer.
    private static readonly TimeSpan SendGrace = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _sendLock = new(1, 1);
    private bool _started;

    /// <summary>Sends all chunks and the event that ends the stream.</summary>
    /// <param name="end">Ends the request.</param>
    public async Task SendAsync(CancellationToken end)
    {
        using CancellationTokenSource sendEnd = new();
        using CancellationTokenRegistration ending = end.UnsafeRegister(static state => ((CancellationTokenSource)state!).CancelAfter(SendGrace), sendEnd);
        using ChunkWriter chunks = new(context.Response.BodyWriter, header, job.IncludeUsage);
        if (choices.Count == 1)
        {
            await SendChoiceAsync(choices[0], chunks, end, sendEnd.Token);
        }
        else
        {
            await SendChoicesAsync(chunks, end, sendEnd.Token);
        }

        if (job.IncludeUsage)
        {
            chunks.WriteUsage(RunningChoice.GetUsage(choices));
        }

        chunks.WriteDone();
        CallerLease.Release(context);
        await chunks.FlushAsync(sendEnd.Token);
    }

    /// <summary>Ends a stream that has begun with an error event.</summary>
    public static async Task SendErrorAsync(HttpContext context, ApiException error)
    {
        using ChunkWriter chunks = new(context.Response.BodyWriter, new ResponseHeader("", "", 0, ""), usage: false);
        chunks.WriteError(error);
        chunks.WriteDone();
        await chunks.FlushAsync(context.RequestAborted);
    }

    private async Task SendChoicesAsync(ChunkWriter chunks, CancellationToken end, CancellationToken sendEnd)
    {
        // The first choice that fails cancels the others, since it ends the stream.
        using CancellationTokenSource others = CancellationTokenSource.CreateLinkedTokenSource(end);
        List<Task> running = [.. choices.Select(choice => SendChoiceAsync(choice, chunks, others.Token, sendEnd))];
        List<Task> left = [.. running];
        while (left.Count > 0)
        {
            Task ended = await Task.WhenAny(left);
            left.Remove(ended);
            if (!ended.IsCompletedSuccessfully)
            {
                await others.CancelAsync();
                await Task.WhenAll(left).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await ended;
            }
        }
    }

    private async Task SendChoiceAsync(RunningChoice choice, ChunkWriter chunks, CancellationToken end, CancellationToken sendEnd)
    {
        bool first = true;
        await foreach (ResponseChunk chunk in choice.ReadAsync(end))
        {
            await _sendLock.WaitAsync(end);
            try
            {
                Start();
                if (first)
                {
                    choice.Format.WriteStart(chunks);
                    first = false;
                }

                choice.Format.WriteChunk(chunks, chunk);
                await chunks.FlushAsync(sendEnd);
            }
            finally
            {
                _sendLock.Release();
            }
        }
    }

    private void Start()
    {
        if (!_started)
        {
            _started = true;
            context.Response.ContentType = "text/event-stream; charset=utf-8";
            context.Response.Headers.CacheControl = "no-cache";
            // Without it, proxies such as nginx buffer the stream.
            context.Response.Headers["X-Accel-Buffering"] = "no";
        }
    }
}
