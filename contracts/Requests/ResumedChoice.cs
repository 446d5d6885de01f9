namespace HunyuanOrleans.Contracts.Requests;

/// <summary>An answer that was begun elsewhere, with the same request and seed, and is to go on as if nothing had happened.</summary>
/// <param name="Index">Which of the request's answers, from 0.</param>
/// <param name="Ids">Its token ids so far, possibly none; copied at submission.</param>
public sealed record ResumedChoice(int Index, ReadOnlyMemory<int> Ids);
