using HunyuanOrleans.Cli.Sessions;

namespace HunyuanOrleans.Cli.Output;

/// <summary>What generate prints for machines.</summary>
/// <param name="Text">The answer; null where the model has no tokenizer.</param>
/// <param name="Ids">Its token ids, a stop id included.</param>
/// <param name="PromptIds">The prompt's token ids.</param>
/// <param name="FinishReason">"stop" or "length"; "cancelled" when the user stopped it.</param>
/// <param name="Timings">How long it took.</param>
internal sealed record GenerateResult(string? Text, int[] Ids, int[] PromptIds, string FinishReason, GenerateTimings Timings)
{
    /// <summary>From a finished answer.</summary>
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

/// <summary>Durations in milliseconds, counted from the request.</summary>
/// <param name="LoadMs">Loading the model, before the request.</param>
/// <param name="FirstTokenMs">Until the first token.</param>
/// <param name="TotalMs">Until the end of the answer.</param>
/// <param name="DecodeTokensPerSecond">Speed after the first token; null for answers of one token.</param>
internal sealed record GenerateTimings(double LoadMs, double? FirstTokenMs, double TotalMs, double? DecodeTokensPerSecond);
