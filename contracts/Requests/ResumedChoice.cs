namespace HunyuanOrleans.Contracts.Requests;

/// <summary>An answer that started elsewhere with the same request and seed, and continues with the tokens it would have got there.</summary>
/// <param name="Index">Index of the answer in the request, from 0.</param>
/// <param name="Ids">Token ids of the answer so far, possibly none; submission copies them.</param>
public sealed record ResumedChoice(int Index, ReadOnlyMemory<int> Ids);
