using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Limits;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>
/// Sends answers as they come, as server-sent events. Several answers share the connection: each piece is written and sent under a
/// lock, so a slow reader slows them all and buffers stay small.
/// </summary>
internal sealed class StreamedAnswer(HttpContext context, AnswerHead head, AnswerJob job, List<RunningChoice> choices)
{
    // A send that is cut short resets the connection, and its reader never learns why the stream ended: one under way gets this much more.
    private static readonly TimeSpan LastSend = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private bool _started;

    /// <summary>Sends everything up to the mark that ends the stream.</summary>
    public async Task SendAsync(CancellationToken end)
    {
        using CancellationTokenSource late = new();
        using CancellationTokenRegistration ending = end.UnsafeRegister(static state => ((CancellationTokenSource)state!).CancelAfter(LastSend), late);
        using ChunkWriter chunks = new(context.Response.BodyWriter, head, job.StreamUsage);
        if (choices.Count == 1)
        {
            await SendChoiceAsync(choices[0], chunks, end, late.Token);
        }
        else
        {
            await SendTogetherAsync(chunks, end, late.Token);
        }

        if (job.StreamUsage)
        {
            chunks.Usage(RunningChoice.Usage(choices));
        }

        chunks.Done();
        CallerLease.EndOf(context);
        await chunks.FlushAsync(late.Token);
    }

    /// <summary>Ends a stream that had begun by an error.</summary>
    public static async Task SendErrorAsync(HttpContext context, ApiException error)
    {
        using ChunkWriter chunks = new(context.Response.BodyWriter, new AnswerHead("", "", 0, ""), usage: false);
        chunks.Error(error);
        chunks.Done();
        await chunks.FlushAsync(context.RequestAborted);
    }

    private async Task SendTogetherAsync(ChunkWriter chunks, CancellationToken end, CancellationToken late)
    {
        // The first answer that fails ends the others at once: their stream is over.
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(end);
        List<Task> running = [.. choices.Select(choice => SendChoiceAsync(choice, chunks, any.Token, late))];
        List<Task> left = [.. running];
        while (left.Count > 0)
        {
            Task ended = await Task.WhenAny(left);
            left.Remove(ended);
            if (!ended.IsCompletedSuccessfully)
            {
                await any.CancelAsync();
                await Task.WhenAll(left).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await ended;
            }
        }
    }

    private async Task SendChoiceAsync(RunningChoice choice, ChunkWriter chunks, CancellationToken end, CancellationToken late)
    {
        bool first = true;
        await foreach (AnswerPiece piece in choice.ReadAsync(end))
        {
            await _turn.WaitAsync(end);
            try
            {
                Start();
                if (first)
                {
                    choice.Format.WriteStart(chunks);
                    first = false;
                }

                choice.Format.WritePiece(chunks, piece);
                await chunks.FlushAsync(late);
            }
            finally
            {
                _turn.Release();
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
            // Proxies such as nginx would else collect the stream.
            context.Response.Headers["X-Accel-Buffering"] = "no";
        }
    }
}
