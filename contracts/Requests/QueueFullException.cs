namespace HunyuanOrleans.Contracts.Requests;

/// <summary>The queue has no room for the request now. The same request may be accepted later.</summary>
/// <param name="waiting">Number of waiting answers.</param>
/// <param name="requested">Number of answers of the request.</param>
/// <param name="limit">Largest number of answers that may wait.</param>
public sealed class QueueFullException(int waiting, int requested, int limit)
    : HunyuanException($"The queue is full: {waiting} answers wait, {requested} more were asked for, at most {limit} may wait. Try again later.")
{
    /// <summary>Number of waiting answers.</summary>
    public int Waiting { get; } = waiting;

    /// <summary>Largest number of answers that may wait.</summary>
    public int Limit { get; } = limit;
}
