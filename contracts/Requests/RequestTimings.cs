namespace HunyuanOrleans.Contracts.Requests;

/// <summary>Durations of one answer, counted from submission.</summary>
/// <param name="Queued">Until the first step of the answer was planned; equal to the total if none was.</param>
/// <param name="FirstToken">Until the first token; null if the answer has none.</param>
/// <param name="Total">Until the end of the answer.</param>
public readonly record struct RequestTimings(TimeSpan Queued, TimeSpan? FirstToken, TimeSpan Total);
