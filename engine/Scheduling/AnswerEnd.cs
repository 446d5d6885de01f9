using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Text;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>
/// Decides whether an answer ends with the token it just got: stop ids first, then stop strings, then its constraint, then the
/// allowed length.
/// </summary>
internal static class AnswerEnd
{
    /// <summary>The reason it ends, or <see cref="FinishReason.None"/>.</summary>
    /// <param name="options">The answer's; its stop strings take the token's bytes.</param>
    /// <param name="text">The tokens' bytes; null where there are no stop strings.</param>
    /// <param name="token">The new token.</param>
    /// <param name="length">Tokens of the answer, the new one included.</param>
    /// <param name="isStopId">True where the token is a stop id.</param>
    public static FinishReason Of(SequenceOptions options, ITokenText? text, int token, int length, out bool isStopId)
    {
        isStopId = options.StopIds.AsSpan().Contains(token);
        if (isStopId)
        {
            return FinishReason.Stop;
        }

        if (options.Stops is { } stops)
        {
            stops.Take(text!.TokenBytes(token));
            if (stops.Found is not null)
            {
                return FinishReason.Stop;
            }
        }

        if (options.Constraint is { IsFinished: true })
        {
            return FinishReason.Stop;
        }

        return length >= options.MaxTokens ? FinishReason.Length : FinishReason.None;
    }

    /// <summary>
    /// The reason an answer has ended before it is resumed, or <see cref="FinishReason.None"/>; its stop strings and its
    /// constraint take all tokens so far.
    /// </summary>
    /// <exception cref="RequestException">The ids go on after a stop, or break the constraint: they are not of an answer to this request.</exception>
    public static FinishReason OfResumed(SequenceOptions options, ITokenText? text, out bool isStopId)
    {
        isStopId = false;
        ReadOnlySpan<int> ids = options.Resumed.Span;
        for (int i = 0; i < ids.Length; i++)
        {
            options.Constraint?.Advance(ids[i]);
            FinishReason reason = Of(options, text, ids[i], i + 1, out isStopId);
            if (reason == FinishReason.Stop && i < ids.Length - 1)
            {
                throw new RequestException(
                    "resume",
                    $"resume holds {ids.Length} ids for choice {options.Choice}, which stops after {i + 1}; allowed: the ids of an answer to this request.");
            }

            // More ids than allowed: the room for answers can have become less since they were drawn.
            if (reason != FinishReason.None)
            {
                return reason;
            }
        }

        return FinishReason.None;
    }
}
