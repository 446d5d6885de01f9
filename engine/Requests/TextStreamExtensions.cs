using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Engine.Requests;

/// <summary>Applies a <see cref="TextStream"/> to the engine's requests and token chunks.</summary>
public static class TextStreamExtensions
{
    /// <summary>Creates the text stream of one answer to a request.</summary>
    /// <param name="request">The request, with its stop strings.</param>
    /// <param name="text">The tokens' bytes.</param>
    public static TextStream CreateTextStream(this GenerationRequest request, ITokenText text)
        => new(text, new StopStringSet(request.StopStrings), request.IncludeStop, request.MinTokens);

    /// <summary>Takes a chunk of the answer; the last one also flushes.</summary>
    /// <param name="stream">The answer's stream.</param>
    /// <param name="chunk">The chunk that follows the ones taken before.</param>
    /// <returns>Text to show, possibly empty.</returns>
    public static string Append(this TextStream stream, in TokenChunk chunk)
    {
        ReadOnlySpan<int> ids = chunk.Ids.Span;
        if (chunk.EndsWithStopId && !stream.IncludesStop)
        {
            ids = ids[..^1];
        }

        string text = stream.Append(ids);
        return chunk.Finish == FinishReason.None ? text : text + stream.Finish();
    }
}
