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
        using EventWriter writer = job.Format.CreateWriter(events.Body, header);
        await events.LockAsync(end);
        try
        {
            job.Format.WriteStart(writer, RunningChoice.GetUsage(choices));
            await events.FlushAsync();
        }
        finally
        {
            events.Release();
        }

        if (choices.Count == 1)
        {
            await SendChoiceAsync(choices[0], writer, end);
        }
        else
        {
            await SendChoicesAsync(writer, end);
        }

        await events.LockAsync(CancellationToken.None);
        try
        {
            job.Format.WriteEnd(writer, RunningChoice.GetUsage(choices));
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
    /// <param name="format">The format of the response.</param>
    /// <param name="header">The fields that the response begins with.</param>
    /// <param name="error">The error.</param>
    /// <param name="cancellationToken">Cancelled when the client is gone.</param>
    public static async Task SendErrorAsync(
        EventConnection events, IResponseFormat format, ResponseHeader header, ApiException error, CancellationToken cancellationToken)
    {
        await events.LockAsync(cancellationToken);
        using EventWriter writer = format.CreateWriter(events.Body, header);
        format.WriteError(writer, error);
        await events.Body.FlushAsync(cancellationToken);
        events.Release();
    }

    private async Task SendChoicesAsync(EventWriter writer, CancellationToken end)
    {
        // The first choice that fails cancels the others, since it ends the stream.
        using CancellationTokenSource others = CancellationTokenSource.CreateLinkedTokenSource(end);
        List<Task> running = [.. choices.Select(choice => SendChoiceAsync(choice, writer, others.Token))];
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

    private async Task SendChoiceAsync(RunningChoice choice, EventWriter writer, CancellationToken end)
    {
        await using ProgressReporter? progress = job.ReportProgress
            ? new ProgressReporter(choice, choices.Count > 1 ? choices.IndexOf(choice) : null, events, (ChunkWriter)writer, time)
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
                    choice.Format.WriteStart(writer);
                    first = false;
                }

                choice.Format.WriteChunk(writer, chunk);
                await events.FlushAsync();
            }
            finally
            {
                events.Release();
            }
        }
    }
}
