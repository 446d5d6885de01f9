namespace HunyuanOrleans.Cli.Measuring;

/// <summary>The measurements of one request of <c>load</c>.</summary>
/// <param name="Error">A short description of the error; null if the request succeeded.</param>
/// <param name="FirstToken">Milliseconds from sending the request to the first chunk of text; null if there was none.</param>
/// <param name="Total">Milliseconds from sending the request to its end.</param>
/// <param name="Gaps">Milliseconds between consecutive chunks of text.</param>
/// <param name="PromptTokens">Number of tokens of the prompt, as the server reports it.</param>
/// <param name="AnswerTokens">Number of tokens of the answer, as the server reports it; the number of chunks if it does not.</param>
internal sealed record LoadSample(string? Error, double? FirstToken, double Total, IReadOnlyList<double> Gaps, int PromptTokens, int AnswerTokens)
{
    /// <summary>Milliseconds from the start of the run to sending the request.</summary>
    public double Started { get; init; }

    /// <summary>Milliseconds per token after the first; null if the answer has fewer than two tokens.</summary>
    public double? PerToken => FirstToken is double first && AnswerTokens > 1 ? (Total - first) / (AnswerTokens - 1) : null;
}
