namespace HunyuanOrleans.Contracts.Requests;

/// <summary>How long one answer took, counted from submission.</summary>
/// <param name="Queued">Until its first step was planned; the whole time where none was.</param>
/// <param name="FirstToken">Until its first token; null where none came.</param>
/// <param name="Total">Until its end.</param>
public readonly record struct RequestTimings(TimeSpan Queued, TimeSpan? FirstToken, TimeSpan Total);
