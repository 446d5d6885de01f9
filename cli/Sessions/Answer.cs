using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Model;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>A finished answer.</summary>
/// <param name="Text">The text; null if the model has no tokenizer.</param>
/// <param name="Ids">The token ids, including a stop token.</param>
/// <param name="Finish">Why the answer ended.</param>
/// <param name="Timings">How long the answer took.</param>
internal sealed record Answer(string? Text, int[] Ids, FinishReason Finish, RequestTimings Timings)
{
    /// <summary>The finish reason as OpenAI's API names it.</summary>
    public string FinishName => Finish.ToString().ToLowerInvariant();

    /// <summary>Tokens per second after the first one; null if the answer has fewer than two tokens.</summary>
    public double? DecodeSpeed =>
        Timings.FirstToken is { } first && Ids.Length > 1 ? (Ids.Length - 1) / (Timings.Total - first).TotalSeconds : null;

    /// <summary>Reads an answer to its end and shows its chunks while they arrive.</summary>
    /// <param name="stream">The answer.</param>
    /// <param name="request">The request.</param>
    /// <param name="text">Converts tokens to text; null shows token ids separated by commas instead.</param>
    /// <param name="show">Receives each chunk.</param>
    /// <exception cref="ModelException">The engine failed.</exception>
    public static async Task<Answer> ReadAsync(ChoiceStream stream, GenerationRequest request, ITokenText? text, Action<string> show)
    {
        TextStream? decoder = text is null ? null : request.CreateTextStream(text);
        List<string> chunks = [];
        bool any = false;
        await foreach (TokenChunk chunk in stream)
        {
            string shown = decoder?.Append(chunk) ?? FormatIds(chunk.Ids.Span, any);
            any |= chunk.Ids.Length > 0;
            if (shown.Length > 0)
            {
                chunks.Add(shown);
                show(shown);
            }
        }

        ChoiceResult result = await stream.Completion;
        if (result.Finish == FinishReason.Error)
        {
            throw new ModelException(result.Error ?? "The engine failed.");
        }

        return new Answer(text is null ? null : string.Concat(chunks), result.Ids.ToArray(), result.Finish, result.Timings);
    }

    /// <summary>Formats token ids for a model without a tokenizer.</summary>
    /// <param name="ids">The new ids.</param>
    /// <param name="any">Whether ids of the same answer were shown before, which puts a comma in front.</param>
    public static string FormatIds(ReadOnlySpan<int> ids, bool any) =>
        ids.IsEmpty ? "" : (any ? "," : "") + string.Join(',', ids.ToArray());
}
