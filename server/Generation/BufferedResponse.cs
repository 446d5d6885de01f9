using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Limits;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>Sends all choices as one JSON response when they are complete.</summary>
internal static class BufferedResponse
{
    /// <summary>Reads all choices to their ends and sends them.</summary>
    public static async Task SendAsync(HttpContext context, ResponseHeader header, GenerationJob job, List<RunningChoice> choices, CancellationToken end)
    {
        await HalfCloseMonitor.WaitAsync(context, Task.WhenAll(choices.Select(choice => ReadAsync(choice, end))));
        CallerLease.Release(context);
        await JsonResponse.WriteAsync(
            context,
            writer => job.Format.WriteResponse(writer, header, [.. choices.Select(static choice => choice.Format)], RunningChoice.GetUsage(choices)));
    }

    private static async Task ReadAsync(RunningChoice choice, CancellationToken end)
    {
        await foreach (ResponseChunk chunk in choice.ReadAsync(end))
        {
            choice.Format.Append(chunk);
        }
    }
}
