using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>How the tokens of an answer are sampled and when the answer ends.</summary>
/// <param name="Sampling">How tokens are sampled.</param>
/// <param name="MaxTokens">The maximum length that the user set, an error if the context does not allow it; null if the user set none.</param>
/// <param name="DefaultMaxTokens">The maximum length if the user set none; shortened to what the context allows.</param>
/// <param name="Stop">Texts that end the answer.</param>
/// <param name="IgnoreEos">Whether the answer continues after the model's end-of-text token.</param>
internal sealed record AnswerSettings(
    SamplingParams Sampling, int? MaxTokens, int DefaultMaxTokens, IReadOnlyList<string> Stop, bool IgnoreEos)
{
    /// <summary>Creates the request for a prompt.</summary>
    /// <param name="prompt">The token ids of the prompt.</param>
    /// <param name="maxContext">Most tokens of prompt and answer together.</param>
    /// <param name="cancellation">Cancels the answer.</param>
    public GenerationRequest CreateRequest(int[] prompt, int maxContext, CancellationToken cancellation) => new()
    {
        PromptIds = prompt,
        Sampling = Sampling,
        MaxTokens = MaxTokens ?? Math.Max(1, Math.Min(DefaultMaxTokens, maxContext - prompt.Length)),
        StopStrings = Stop,
        IgnoreEos = IgnoreEos,
        Cancellation = cancellation,
    };
}
