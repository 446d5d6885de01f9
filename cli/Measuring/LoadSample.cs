namespace HunyuanOrleans.Cli.Measuring;

/// <summary>What one request of load gave.</summary>
/// <param name="Error">Why it failed, in a few words; null where it did not.</param>
/// <param name="FirstToken">Milliseconds to the first piece of text; null where none came.</param>
/// <param name="Total">Milliseconds to the end.</param>
/// <param name="Gaps">Milliseconds between pieces of text.</param>
/// <param name="PromptTokens">Tokens of the prompt, as the server counts them.</param>
/// <param name="AnswerTokens">Tokens of the answer, as the server counts them; pieces where it does not say.</param>
internal sealed record LoadSample(string? Error, double? FirstToken, double Total, IReadOnlyList<double> Gaps, int PromptTokens, int AnswerTokens)
{
    /// <summary>Milliseconds per token after the first; null for answers too short to tell.</summary>
    public double? PerToken => FirstToken is double first && AnswerTokens > 1 ? (Total - first) / (AnswerTokens - 1) : null;
}
