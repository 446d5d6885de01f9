using HunyuanOrleans.Cli.Sessions;

namespace HunyuanOrleans.Cli.Output;

/// <summary>The JSON output of <c>generate</c>.</summary>
/// <param name="Text">The text of the answer; null if the model has no tokenizer.</param>
/// <param name="Ids">The token ids of the answer, including a stop token.</param>
/// <param name="PromptIds">The token ids of the prompt.</param>
/// <param name="FinishReason">"stop", "length", or "cancelled" if the user stopped the answer.</param>
/// <param name="Timings">How long the answer took.</param>
internal sealed record GenerateResult(string? Text, int[] Ids, int[] PromptIds, string FinishReason, GenerateTimings Timings)
{
    /// <summary>Creates the output for a finished answer.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="prompt">The token ids of the prompt.</param>
    /// <param name="load">How long loading or connecting took.</param>
    public static GenerateResult Of(Answer answer, int[] prompt, TimeSpan load) => new(
        answer.Text,
        answer.Ids,
        prompt,
        answer.FinishName,
        new GenerateTimings(
            Math.Round(load.TotalMilliseconds, 3),
            answer.Timings.FirstToken is { } first ? Math.Round(first.TotalMilliseconds, 3) : null,
            Math.Round(answer.Timings.Total.TotalMilliseconds, 3),
            answer.DecodeSpeed is double speed ? Math.Round(speed, 3) : null));
}

/// <summary>The timings of an answer.</summary>
/// <param name="LoadMs">Milliseconds to load the model, before the request.</param>
/// <param name="FirstTokenMs">Milliseconds from the request to the first token; null if there was none.</param>
/// <param name="TotalMs">Milliseconds from the request to the end of the answer.</param>
/// <param name="DecodeTokensPerSecond">Tokens per second after the first token; null if the answer has only one.</param>
internal sealed record GenerateTimings(double LoadMs, double? FirstTokenMs, double TotalMs, double? DecodeTokensPerSecond);
