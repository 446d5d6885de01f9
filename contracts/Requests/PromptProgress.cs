namespace HunyuanOrleans.Contracts.Requests;

/// <summary>How far the prompt of an answer is computed.</summary>
/// <param name="Total">Tokens of the prompt.</param>
/// <param name="Cached">Those of them that were found in the prefix cache.</param>
/// <param name="Processed">Those of them that are computed, including the cached ones.</param>
/// <param name="Elapsed">Time since the answer started.</param>
public sealed record PromptProgress(int Total, int Cached, int Processed, TimeSpan Elapsed);
