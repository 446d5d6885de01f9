using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Limits;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>Sends answers when all of them are there.</summary>
internal static class WholeAnswer
{
    /// <summary>Reads all answers to their ends and sends them.</summary>
    public static async Task SendAsync(HttpContext context, AnswerHead head, List<RunningChoice> choices, CancellationToken end)
    {
        await Task.WhenAll(choices.Select(choice => KeepAsync(choice, end)));
        CallerLease.EndOf(context);
        await JsonResponse.WriteAsync(context, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("id"u8, head.Id);
            writer.WriteString("object"u8, head.Object);
            writer.WriteNumber("created"u8, head.Created);
            writer.WriteString("model"u8, head.Model);
            writer.WriteStartArray("choices"u8);
            foreach (RunningChoice choice in choices)
            {
                choice.Format.WriteWhole(writer);
            }

            writer.WriteEndArray();
            writer.WritePropertyName("usage"u8);
            RunningChoice.Usage(choices).Write(writer);
            writer.WriteEndObject();
        });
    }

    private static async Task KeepAsync(RunningChoice choice, CancellationToken end)
    {
        await foreach (AnswerPiece piece in choice.ReadAsync(end))
        {
            choice.Format.Keep(piece);
        }
    }
}
