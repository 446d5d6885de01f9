using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Grains.Messages;

/// <summary>New tokens of one answer.</summary>
/// <param name="Choice">Which answer.</param>
/// <param name="Start">Where in the answer they stand, or, where there are none, in how many milliseconds more news is due at most. A reader who misses some knows it, for calls can be lost or run twice.</param>
/// <param name="Ids">The ids; may be empty in the last batch.</param>
/// <param name="Samples">The same with log probabilities; empty unless asked for.</param>
/// <param name="Finish">Set in the answer's last batch.</param>
/// <param name="EndsWithStopId">The last id is a stop id.</param>
/// <param name="Error">What went wrong, for users.</param>
/// <param name="Refusal">Set where the request as a whole was refused.</param>
/// <param name="Summary">Set in the answer's last batch.</param>
/// <param name="Text">
/// Text that the ids add to what the answer's ids before them gave, held back where it may still become a character or a stop string; null unless
/// asked for.
/// </param>
/// <param name="Taken">The model's scheduler has the request: what comes before may be followed by a refusal.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.tokens")]
public sealed record TokenBatch(
    int Choice,
    int Start,
    int[] Ids,
    TokenMessage[] Samples,
    FinishCode Finish,
    bool EndsWithStopId,
    string? Error,
    RequestError? Refusal,
    AnswerSummary? Summary,
    string? Text = null,
    bool Taken = false)
{
    /// <summary>True where it brings nothing but the news that the request is alive.</summary>
    public bool IsEmpty => Ids.Length == 0 && Finish == FinishCode.None;

    /// <summary>True where the request is known to have been taken.</summary>
    public bool IsAccepted => Refusal is null && (Taken || !IsEmpty);

    /// <summary>The batch as the engine would give it.</summary>
    public TokenChunk ToChunk() => new(
        Ids,
        Array.ConvertAll(Samples, static sample => sample.ToToken()),
        (FinishReason)Finish,
        EndsWithStopId,
        Error);
}

/// <summary>Why an answer ended, on the wire; the values of <see cref="FinishReason"/>.</summary>
[GenerateSerializer]
public enum FinishCode
{
    /// <inheritdoc cref="FinishReason.None"/>
    None = FinishReason.None,

    /// <inheritdoc cref="FinishReason.Stop"/>
    Stop = FinishReason.Stop,

    /// <inheritdoc cref="FinishReason.Length"/>
    Length = FinishReason.Length,

    /// <inheritdoc cref="FinishReason.Cancelled"/>
    Cancelled = FinishReason.Cancelled,

    /// <inheritdoc cref="FinishReason.Error"/>
    Error = FinishReason.Error,
}

/// <summary>What is known of an answer at its end.</summary>
/// <param name="CachedPromptTokens">Prompt tokens found in the prefix cache.</param>
/// <param name="Queued">How long it waited.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.summary")]
public sealed record AnswerSummary(int CachedPromptTokens, TimeSpan Queued);

/// <summary>Why a request was not taken.</summary>
/// <param name="Parameter">The parameter at fault; null where the request is right and cannot be taken now.</param>
/// <param name="Message">What is wrong and what is allowed, for users.</param>
/// <param name="QueueFull">True where it may be taken later.</param>
/// <param name="Waiting">Answers that wait, where the queue is full.</param>
/// <param name="Limit">Most answers that may wait.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.refusal")]
public sealed record RequestError(string? Parameter, string Message, bool QueueFull, int Waiting = 0, int Limit = 0)
{
    /// <summary>The refusal as the engine would throw it.</summary>
    /// <param name="asked">Answers that were asked for.</param>
    public ModelException ToException(int asked) =>
        QueueFull ? new QueueFullException(Waiting, asked, Limit) : new RequestException(Parameter ?? "request", Message);
}
