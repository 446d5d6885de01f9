using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>
/// Decides whether an answer ends with its newest token. Checks stop ids first, then stop strings, then the constraint, then the length. The first
/// min_tokens tokens neither are stop ids nor belong to a stop string.
/// </summary>
internal static class StopCondition
{
    /// <summary>Passes the newest token to the stop strings and decides whether the answer ends.</summary>
    /// <param name="options">The answer's options.</param>
    /// <param name="text">The bytes of tokens; may be null if there are no stop strings.</param>
    /// <param name="token">The newest token. The constraint must have followed it already.</param>
    /// <param name="length">Tokens of the answer, the newest one included.</param>
    /// <param name="isStopId">True if the token is a stop id.</param>
    /// <returns>The reason why the answer ends, or <see cref="FinishReason.None"/>.</returns>
    public static FinishReason Check(SequenceOptions options, ITokenText? text, int token, int length, out bool isStopId)
    {
        bool mayStop = length > options.Request.MinTokens;
        isStopId = mayStop && options.StopIds.AsSpan().Contains(token);
        if (isStopId)
        {
            return FinishReason.Stop;
        }

        if (mayStop && options.StopStrings is { } stopStrings)
        {
            stopStrings.Process(text!.TokenBytes(token));
            if (stopStrings.Found is not null)
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
    /// Passes the tokens of a resumed answer to its stop strings and its constraint, and decides whether they already end it.
    /// </summary>
    /// <returns>The reason why the answer ends without a further token, or <see cref="FinishReason.None"/>.</returns>
    /// <exception cref="RequestException">The ids continue after a stop, so they are not an answer to this request.</exception>
    /// <exception cref="ConstraintException">The ids violate the constraint, so they are not an answer to this request.</exception>
    public static FinishReason CheckResumed(SequenceOptions options, ITokenText? text, out bool isStopId)
    {
        isStopId = false;
        ReadOnlySpan<int> ids = options.ResumedIds.Span;
        for (int i = 0; i < ids.Length; i++)
        {
            options.Constraint?.Advance(ids[i]);
            options.Reasoning?.Advance(ids[i]);
            FinishReason reason = Check(options, text, ids[i], i + 1, out isStopId);
            if (reason == FinishReason.Stop && i < ids.Length - 1)
            {
                throw new RequestException(
                    "resume",
                    $"resume holds {ids.Length} ids for choice {options.Choice}, which stops after {i + 1}; allowed: the ids of an answer to this request.");
            }

            // More ids than MaxTokens are not an error: the KV pool may have been larger where they were drawn.
            if (reason != FinishReason.None)
            {
                return reason;
            }
        }

        return FinishReason.None;
    }
}
