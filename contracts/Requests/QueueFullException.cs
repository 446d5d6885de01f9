
namespace HunyuanOrleans.Contracts.Requests;

/// <summary>The queue has no room for the request now; the same request may be taken later.</summary>
/// <param name="waiting">Answers already waiting.</param>
/// <param name="asked">Answers this request asks for.</param>
/// <param name="limit">Most answers that may wait.</param>
public sealed class QueueFullException(int waiting, int asked, int limit)
    : HunyuanException($"The queue is full: {waiting} answers wait, {asked} more were asked for, at most {limit} may wait. Try again later.")
{
    /// <summary>Answers already waiting.</summary>
    public int Waiting { get; } = waiting;

    /// <summary>Most answers that may wait.</summary>
    public int Limit { get; } = limit;
}
