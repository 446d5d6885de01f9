using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Contracts.Messages;

/// <summary>Why a request was not accepted.</summary>
/// <param name="Parameter">Name of the wrong parameter; null if the request is right and cannot be accepted now.</param>
/// <param name="Message">What is wrong and what is allowed, for users.</param>
/// <param name="QueueFull">True if the request may be accepted later.</param>
/// <param name="Waiting">Number of waiting answers, if the queue is full.</param>
/// <param name="Limit">Largest number of answers that may wait.</param>
/// <param name="TooLong">True if prompt and answer need more tokens than the model's context or the KV pool holds.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.refusal")]
public sealed record RequestError(
    [property: Id(0)] string? Parameter,
    [property: Id(1)] string Message,
    [property: Id(2)] bool QueueFull,
    [property: Id(3)] int Waiting = 0,
    [property: Id(4)] int Limit = 0,
    [property: Id(5)] bool TooLong = false)
{
    /// <summary>The exception that the engine throws for this error.</summary>
    /// <param name="requested">Number of answers of the request.</param>
    public HunyuanException ToException(int requested) =>
        QueueFull ? new QueueFullException(Waiting, requested, Limit) : new RequestException(Parameter ?? "request", Message) { IsTooLong = TooLong };
}
