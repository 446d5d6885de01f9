namespace HunyuanOrleans.Contracts.Requests;

/// <summary>
/// The most tokens of an answer's reasoning. When they are used up, the answer goes on with <see cref="CloseIds"/>, whatever the model would
/// have written.
/// </summary>
/// <param name="MaxTokens">The most tokens of reasoning, at least 0.</param>
/// <param name="Open">The text that begins the reasoning, at the start of the answer; null if the prompt has begun it.</param>
/// <param name="Close">The text that ends the reasoning.</param>
/// <param name="CloseIds">Token ids that end the reasoning, at least one. Their text must contain <paramref name="Close"/>.</param>
public sealed record ReasoningLimit(int MaxTokens, string? Open, string Close, IReadOnlyList<int> CloseIds);
