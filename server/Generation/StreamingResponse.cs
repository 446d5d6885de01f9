using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Limits;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>
/// Sends choices as server-sent events while they are computed. All choices share the connection: each chunk is written and flushed under its
/// lock, so a slow client slows all choices and buffers stay small.
/// </summary>
internal sealed class StreamingResponse(
    HttpContext context, EventConnection events, ResponseHeader header, GenerationJob job, List<RunningChoice> choices, TimeProvider time)
{
    /// <summary>Sends the headers, all chunks, and the event that ends the stream.</summary>
    /// <param name="end">Ends the request.</param>
    public async Task SendAsync(CancellationToken end)
    {
        await events.StartAsync(end);
        using ChunkWriter chunks = new(events.Body, header, job.IncludeUsage);
        if (choices.Count == 1)
        {
            await SendChoiceAsync(choices[0], chunks, end);
        }
        else
        {
            await SendChoicesAsync(chunks, end);
        }

        await events.LockAsync(CancellationToken.None);
        try
        {
            if (job.IncludeUsage)
            {
                chunks.WriteUsage(RunningChoice.GetUsage(choices));
            }

            chunks.WriteDone();
            CallerLease.Release(context);
            await events.FlushAsync();
        }
        finally
        {
            events.Release();
        }
    }

    /// <summary>Ends a stream that has begun with an error event.</summary>
    /// <param name="events">The connection, whose comments have ended.</param>
    /// <param name="error">The error.</param>
    /// <param name="cancellationToken">Cancelled when the client is gone.</param>
    public static async Task SendErrorAsync(EventConnection events, ApiException error, CancellationToken cancellationToken)
    {
        await events.LockAsync(cancellationToken);
        using ChunkWriter chunks = new(events.Body, new ResponseHeader("", "", 0, ""), usage: false);
        chunks.WriteError(error);
        chunks.WriteDone();
        await events.Body.FlushAsync(cancellationToken);
        events.Release();
    }

    private async Task SendChoicesAsync(ChunkWriter chunks, CancellationToken end)
    {
        // The first choice that fails cancels the others, since it ends the stream.
        using CancellationTokenSource others = CancellationTokenSource.CreateLinkedTokenSource(end);
        List<Task> running = [.. choices.Select(choice => SendChoiceAsync(choice, chunks, others.Token))];
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

    private async Task SendChoiceAsync(RunningChoice choice, ChunkWriter chunks, CancellationToken end)
    {
        await using ProgressReporter? progress = job.ReportProgress
            ? new ProgressReporter(choice, choices.Count > 1 ? choices.IndexOf(choice) : null, events, chunks, time)
            : null;
        bool first = true;
        await foreach (ResponseChunk chunk in choice.ReadAsync(end))
        {
            if (first && progress is not null)
            {
                await progress.CompleteAsync();
            }

            await events.LockAsync(end);
            try
            {
                if (first)
                {
                    choice.Format.WriteStart(chunks);
                    first = false;
                }

                choice.Format.WriteChunk(chunks, chunk);
                await events.FlushAsync();
            }
            finally
            {
                events.Release();
            }
        }
    }
}
