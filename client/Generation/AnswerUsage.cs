namespace HunyuanOrleans.Client;

/// <summary>The token counts of a finished answer.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="CachedPromptTokens">Prompt tokens that were found in the prefix cache.</param>
/// <param name="AnswerTokens">Tokens of the answer, including a stop id and the tokens that the answer resumed with.</param>
public sealed record AnswerUsage(int PromptTokens, int CachedPromptTokens, int AnswerTokens);
