using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Model;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>A finished answer.</summary>
/// <param name="Text">Its text; null where the model has no tokenizer.</param>
/// <param name="Ids">Its token ids, a stop id included.</param>
/// <param name="Finish">Why it ended.</param>
/// <param name="Timings">How long it took.</param>
internal sealed record Answer(string? Text, int[] Ids, FinishReason Finish, RequestTimings Timings)
{
    /// <summary>The reason as the OpenAI API names it.</summary>
    public string FinishName => Finish.ToString().ToLowerInvariant();

    /// <summary>Tokens per second after the first one; null for answers too short to tell.</summary>
    public double? DecodeSpeed =>
        Timings.FirstToken is { } first && Ids.Length > 1 ? (Ids.Length - 1) / (Timings.Total - first).TotalSeconds : null;

    /// <summary>Reads an answer to its end, handing on what can be shown as it comes.</summary>
    /// <param name="stream">The answer.</param>
    /// <param name="request">What it answers.</param>
    /// <param name="text">The tokens' bytes; null where there is no tokenizer, then ids separated by commas are shown.</param>
    /// <param name="show">Gets each piece.</param>
    /// <exception cref="ModelException">The engine failed.</exception>
    public static async Task<Answer> ReadAsync(ChoiceStream stream, GenerationRequest request, ITokenText? text, Action<string> show)
    {
        TextStream? decoder = text is null ? null : request.CreateTextStream(text);
        List<string> pieces = [];
        bool any = false;
        await foreach (TokenChunk chunk in stream)
        {
            string piece = decoder?.Append(chunk) ?? FormatIds(chunk.Ids.Span, any);
            any |= chunk.Ids.Length > 0;
            if (piece.Length > 0)
            {
                pieces.Add(piece);
                show(piece);
            }
        }

        ChoiceResult result = await stream.Completion;
        if (result.Finish == FinishReason.Error)
        {
            throw new ModelException(result.Error ?? "The engine failed.");
        }

        return new Answer(text is null ? null : string.Concat(pieces), result.Ids.ToArray(), result.Finish, result.Timings);
    }

    /// <summary>Ids as they are shown where there is no text.</summary>
    /// <param name="ids">New ids.</param>
    /// <param name="any">Whether some were shown before.</param>
    public static string FormatIds(ReadOnlySpan<int> ids, bool any) =>
        ids.IsEmpty ? "" : (any ? "," : "") + string.Join(',', ids.ToArray());
}
