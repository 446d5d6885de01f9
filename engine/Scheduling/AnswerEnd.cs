using HunyuanOrleans.Engine.Requests;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>
/// Decides whether an answer ends with the token it just got: stop ids first, then stop strings, then the allowed length.
/// </summary>
internal static class AnswerEnd
{
    /// <summary>The reason it ends, or <see cref="FinishReason.None"/>.</summary>
    /// <param name="sequence">The sequence; its last token is new.</param>
    /// <param name="text">The tokens' bytes; null where there are no stop strings.</param>
    /// <param name="isStopId">True where the last token is a stop id.</param>
    public static FinishReason Of(Sequence sequence, Text.ITokenText? text, out bool isStopId)
    {
        int token = sequence.TokensFrom(sequence.Count - 1, 1)[0];
        isStopId = sequence.Options.StopIds.AsSpan().Contains(token);
        if (isStopId)
        {
            return FinishReason.Stop;
        }

        if (sequence.Options.Stops is { } stops)
        {
            stops.Take(text!.TokenBytes(token));
            if (stops.Found is not null)
            {
                return FinishReason.Stop;
            }
        }

        return sequence.AnswerLength >= sequence.Options.MaxTokens ? FinishReason.Length : FinishReason.None;
    }
}
