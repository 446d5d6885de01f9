using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Contracts.Messages;

/// <summary>New tokens of one answer, or a heartbeat that says that the request is alive.</summary>
[GenerateSerializer, Immutable, Alias("hunyuan.tokens")]
public sealed record TokenBatch
{
    /// <summary>Index of the answer in the request.</summary>
    [Id(0)]
    public int Choice { get; init; }

    /// <summary>
    /// Position of the first token in the answer. Calls can be lost or run twice; a reader whose answer has another length recognises it by this.
    /// </summary>
    [Id(1)]
    public int Start { get; init; }

    /// <summary>The token ids; may be empty in the last batch of an answer.</summary>
    [Id(2)]
    public int[] Ids { get; init; } = [];

    /// <summary>The same tokens with their log probabilities; empty unless requested.</summary>
    [Id(3)]
    public TokenMessage[] Samples { get; init; } = [];

    /// <summary>Set in the last batch of an answer.</summary>
    [Id(4)]
    public FinishCode Finish { get; init; }

    /// <summary>True if the last id is a stop id.</summary>
    [Id(5)]
    public bool EndsWithStopId { get; init; }

    /// <summary>Why the answer failed, for users; null if it did not.</summary>
    [Id(6)]
    public string? Error { get; init; }

    /// <summary>Set if the request as a whole was not accepted.</summary>
    [Id(7)]
    public RequestError? RequestError { get; init; }

    /// <summary>Set in the last batch of an answer.</summary>
    [Id(8)]
    public AnswerSummary? Summary { get; init; }

    /// <summary>
    /// The text that the ids add to the answer. Text that may still become a character or a stop string is held back. Null unless requested.
    /// </summary>
    [Id(9)]
    public string? Text { get; init; }

    /// <summary>True once the model's scheduler has accepted the request. Before that the request can still be rejected.</summary>
    [Id(10)]
    public bool Acknowledged { get; init; }

    /// <summary>In a heartbeat: the time in milliseconds until the next batch at the latest. 0 in other batches.</summary>
    [Id(11)]
    public int NextWithinMilliseconds { get; init; }

    /// <summary>In a heartbeat: how far the prompt of the answer is computed; null unless requested.</summary>
    [Id(16)]
    public PromptProgressMessage? Progress { get; init; }

    /// <summary>
    /// In the first batch with tokens of an answer, or in its only one: the tokens of the prompt after its first, with their log probabilities; empty unless
    /// requested.
    /// </summary>
    [Id(12)]
    public TokenMessage[] Prompt { get; init; } = [];

    /// <summary>In the batch that says that a request was accepted: digest of the adapter that answers; null for none.</summary>
    [Id(17)]
    public string? AdapterDigest { get; init; }

    /// <summary>True if the batch carries no token and no end of an answer.</summary>
    public bool IsHeartbeat => Ids.Length == 0 && Finish == FinishCode.None;

    /// <summary>True if the batch proves that the request was accepted.</summary>
    public bool IsAccepted => RequestError is null && (Acknowledged || !IsHeartbeat);

    /// <summary>The batch in the engine's terms.</summary>
    public TokenChunk ToChunk() => new(
        Ids,
        Array.ConvertAll(Samples, static sample => sample.ToToken()),
        (FinishReason)Finish,
        EndsWithStopId,
        Error)
    {
        Prompt = Array.ConvertAll(Prompt, static sample => sample.ToToken()),
    };
}

/// <summary>Why an answer ended, on the wire; the values of <see cref="FinishReason"/>.</summary>
[GenerateSerializer, Alias("hunyuan.finish")]
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

/// <summary>Facts about an answer that are known when it ends.</summary>
/// <param name="CachedPromptTokens">Prompt tokens found in the prefix cache.</param>
/// <param name="Queued">How long the answer waited before it started.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.summary")]
public sealed record AnswerSummary([property: Id(0)] int CachedPromptTokens, [property: Id(1)] TimeSpan Queued);
