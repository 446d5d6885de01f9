using HunyuanOrleans.Engine.Requests;

namespace HunyuanOrleans.Grains.Messages;

/// <summary>A request on the wire; see <see cref="GenerationRequest"/> for each value.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="PromptIds">The prompt.</param>
/// <param name="Sampling">How tokens are drawn; its seed is set once the request has begun.</param>
/// <param name="MaxTokens">Most tokens per answer.</param>
/// <param name="StopIds">Ids that end an answer.</param>
/// <param name="StopStrings">Texts that end an answer.</param>
/// <param name="IncludeStop">Keeps the stop text.</param>
/// <param name="IgnoreEos">Goes on after end-of-text ids.</param>
/// <param name="Choices">Number of answers.</param>
/// <param name="CacheSalt">Who shares cached prefixes.</param>
/// <param name="Progress">Answers still open, with what they have so far; null at the beginning.</param>
/// <param name="Deadline">How long the request may go without a new token before it ends with an error.</param>
/// <param name="WantsText">Whether batches carry text too; the model needs a tokenizer then.</param>
/// <param name="Constraint">What the text must look like, as text; null for anything. It is compiled where the model's scheduler is.</param>
/// <param name="ConstraintParameter">The parameter that asked for it, for errors.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.request")]
public sealed record RequestSpec(
    string Model,
    int[] PromptIds,
    SamplingParamsMessage Sampling,
    int? MaxTokens,
    int[] StopIds,
    string[] StopStrings,
    bool IncludeStop,
    bool IgnoreEos,
    int Choices,
    string? CacheSalt,
    ChoiceProgress[]? Progress,
    TimeSpan Deadline,
    bool WantsText = false,
    string? Constraint = null,
    string? ConstraintParameter = null)
{
    /// <summary>A message of a request.</summary>
    public static RequestSpec Of(string model, GenerationRequest request, TimeSpan deadline) => new(
        model,
        request.PromptIds.ToArray(),
        SamplingParamsMessage.Of(request.Sampling),
        request.MaxTokens,
        [.. request.StopIds],
        [.. request.StopStrings],
        request.IncludeStop,
        request.IgnoreEos,
        request.Choices,
        request.CacheSalt,
        request.Resume is null ? null : [.. request.Resume.Select(r => new ChoiceProgress(r.Index, r.Ids.ToArray()))],
        deadline,
        Constraint: request.Constraint?.Spec.Text,
        ConstraintParameter: request.Constraint?.Parameter);

    /// <summary>The request, without its constraint: that is compiled first.</summary>
    public GenerationRequest ToRequest() => new()
    {
        PromptIds = PromptIds,
        Sampling = Sampling.ToParams(),
        MaxTokens = MaxTokens,
        StopIds = StopIds,
        StopStrings = StopStrings,
        IncludeStop = IncludeStop,
        IgnoreEos = IgnoreEos,
        Choices = Choices,
        CacheSalt = CacheSalt,
        Resume = Progress is null ? null : Array.ConvertAll(Progress, static p => new ResumedChoice(p.Choice, p.Ids)),
    };
}

/// <summary>An answer that has begun and not ended.</summary>
/// <param name="Choice">Which one.</param>
/// <param name="Ids">Its tokens so far.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.progress")]
public sealed record ChoiceProgress(int Choice, int[] Ids);
