using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Limits;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>Sends all choices as one JSON response when they are complete.</summary>
internal static class BufferedResponse
{
    /// <summary>Reads all choices to their ends and sends them.</summary>
    public static async Task SendAsync(HttpContext context, ResponseHeader header, List<RunningChoice> choices, CancellationToken end)
    {
        await Task.WhenAll(choices.Select(choice => ReadAsync(choice, end)));
        CallerLease.Release(context);
        await JsonResponse.WriteAsync(context, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("id"u8, header.Id);
            writer.WriteString("object"u8, header.Object);
            writer.WriteNumber("created"u8, header.Created);
            writer.WriteString("model"u8, header.Model);
            writer.WriteStartArray("choices"u8);
            foreach (RunningChoice choice in choices)
            {
                choice.Format.WriteComplete(writer);
            }

            writer.WriteEndArray();
            writer.WritePropertyName("usage"u8);
            RunningChoice.GetUsage(choices).Write(writer);
            writer.WriteEndObject();
        });
    }

    private static async Task ReadAsync(RunningChoice choice, CancellationToken end)
    {
        await foreach (ResponseChunk chunk in choice.ReadAsync(end))
        {
            choice.Format.Append(chunk);
        }
    }
}
