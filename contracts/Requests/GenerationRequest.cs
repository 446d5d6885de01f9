using HunyuanOrleans.Grammar;

namespace HunyuanOrleans.Contracts.Requests;

/// <summary>A request to generate answers to one prompt. Immutable; submission copies the prompt.</summary>
public sealed record GenerationRequest
{
    /// <summary>Largest number of answers of one request.</summary>
    public const int MaxChoices = 128;

    /// <summary>Token ids of the prompt, at least one.</summary>
    public required ReadOnlyMemory<int> PromptIds { get; init; }

    /// <summary>How tokens are sampled. Default: <see cref="SamplingParams.Default"/>.</summary>
    public SamplingParams Sampling { get; init; } = SamplingParams.Default;

    /// <summary>
    /// Largest number of tokens of an answer, at least 1, or 0 with <see cref="PromptLogProbabilities"/>. Default null: as many as context and KV pool hold.
    /// </summary>
    public int? MaxTokens { get; init; }

    /// <summary>
    /// Smallest number of tokens of an answer. Until then no stop id is sampled, and stop strings that begin before do not end it. Default 0. A
    /// <see cref="Constraint"/> that is complete ends the answer earlier.
    /// </summary>
    public int MinTokens { get; init; }

    /// <summary>Token ids that end an answer, in addition to the model's end-of-text ids. A stop id is part of the answer's ids, not of its text.</summary>
    public IReadOnlyList<int> StopIds { get; init; } = [];

    /// <summary>
    /// Texts that end an answer, also across tokens. A stop string is part of the answer's text only with <see cref="IncludeStop"/>.
    /// </summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>True to keep the stop string in the text. Default false.</summary>
    public bool IncludeStop { get; init; }

    /// <summary>True to continue after the model's end-of-text ids. Default false.</summary>
    public bool IgnoreEos { get; init; }

    /// <summary>
    /// The constraint on the text of each answer; null for none. An answer ends with <see cref="FinishReason.Stop"/> when its text is complete
    /// and the constraint allows no continuation, even with <see cref="IgnoreEos"/>.
    /// </summary>
    public Constraint? Constraint { get; init; }

    /// <summary>The limit of each answer's reasoning; null for none.</summary>
    public ReasoningLimit? Reasoning { get; init; }

    /// <summary>
    /// Number of most probable tokens, 0 to 20, whose log probabilities are returned with that of each prompt token after the first. The prompt is then
    /// computed in full. Default null: no log probabilities of the prompt. An answer that is resumed with ids has none.
    /// </summary>
    public int? PromptLogProbabilities { get; init; }

    /// <summary>Number of independent answers, 1 to <see cref="MaxChoices"/>. Default 1.</summary>
    public int Choices { get; init; } = 1;

    /// <summary>
    /// Answers that started elsewhere with this request, with their ids so far; null to start all <see cref="Choices"/>. If set, only the
    /// answers in the list run and their streams carry only new tokens. <see cref="MaxTokens"/> includes the ids so far, and
    /// <see cref="SamplingParams.Seed"/> must be the seed they were sampled with. An answer whose ids are complete ends at once.
    /// </summary>
    public IReadOnlyList<ResumedChoice>? Resume { get; init; }

    /// <summary>Only requests with the same salt share cached prefixes. Null and empty are one salt, shared by all requests that set none.</summary>
    public string? CacheSalt { get; init; }

    /// <summary>Name of the adapter to answer with; null (default) for the bare model. Only generators that have adapters accept one.</summary>
    public string? Adapter { get; init; }

    /// <summary>True if <see cref="IChoice.Progress"/> shall report how far the prompt is computed. Default false.</summary>
    public bool ReportProgress { get; init; }

    /// <summary>Place in the queue: requests with a lower value start first, those with equal values in order of arrival. Default 0.</summary>
    public int Priority { get; init; }

    /// <summary>Cancels all answers, which end with <see cref="FinishReason.Cancelled"/>, and frees their KV blocks.</summary>
    public CancellationToken Cancellation { get; init; }
}
