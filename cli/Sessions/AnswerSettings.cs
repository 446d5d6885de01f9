using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Sampling;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>How an answer is drawn and when it ends.</summary>
/// <param name="Sampling">How tokens are drawn.</param>
/// <param name="MaxTokens">Most tokens of the answer, an error where context does not allow them; null where the user did not say.</param>
/// <param name="SuggestedMaxTokens">Used then, or fewer where the context ends before.</param>
/// <param name="Stop">Texts that end it.</param>
/// <param name="IgnoreEos">Whether it goes on after the model's end-of-text token.</param>
internal sealed record AnswerSettings(
    SamplingParams Sampling, int? MaxTokens, int SuggestedMaxTokens, IReadOnlyList<string> Stop, bool IgnoreEos)
{
    /// <summary>The request for a prompt. Where the user named no length, it ends at the end of the context.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="context">Most tokens of prompt and answer together.</param>
    /// <param name="cancellation">Gives it up.</param>
    public GenerationRequest Request(int[] prompt, int context, CancellationToken cancellation) => new()
    {
        PromptIds = prompt,
        Sampling = Sampling,
        MaxTokens = MaxTokens ?? Math.Max(1, Math.Min(SuggestedMaxTokens, context - prompt.Length)),
        StopStrings = Stop,
        IgnoreEos = IgnoreEos,
        Cancellation = cancellation,
    };
}
