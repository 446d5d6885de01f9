using HunyuanOrleans.Grammar;

namespace HunyuanOrleans.Contracts.Requests;

/// <summary>What a caller asks the engine for. Immutable; the prompt is copied at submission.</summary>
public sealed record GenerationRequest
{
    /// <summary>Most choices one request may ask for.</summary>
    public const int MaxChoices = 128;

    /// <summary>The prompt, at least one token id.</summary>
    public required ReadOnlyMemory<int> PromptIds { get; init; }

    /// <summary>How tokens are drawn. Default: <see cref="SamplingParams.Default"/>.</summary>
    public SamplingParams Sampling { get; init; } = SamplingParams.Default;

    /// <summary>Most tokens per answer; null: as many as context and KV pool hold.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Token ids that end an answer, besides the model's own; they count as part of its ids, not of its text.</summary>
    public IReadOnlyList<int> StopIds { get; init; } = [];

    /// <summary>
    /// Texts that end an answer, wherever token borders fall; they are not part of its text unless <see cref="IncludeStop"/>.
    /// </summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Keeps the stop string in the text. Default false.</summary>
    public bool IncludeStop { get; init; }

    /// <summary>Goes on after the model's end-of-text ids. Default false.</summary>
    public bool IgnoreEos { get; init; }

    /// <summary>
    /// What the text must look like; null: anything. Each answer follows it on its own and ends with <see cref="FinishReason.Stop"/>
    /// once it is complete and nothing can follow, whatever <see cref="IgnoreEos"/> says.
    /// </summary>
    public Constraint? Constraint { get; init; }

    /// <summary>Number of independent answers, 1 to <see cref="MaxChoices"/>. Default 1.</summary>
    public int Choices { get; init; } = 1;

    /// <summary>
    /// Answers begun elsewhere with this request that go on after the ids given; null: all <see cref="Choices"/> begin anew. When set,
    /// only the answers listed run, their streams give new tokens alone, <see cref="MaxTokens"/> counts the ids given too, and
    /// <see cref="SamplingParams.Seed"/> must be the one they were drawn with. An answer whose ids end it already ends at once.
    /// </summary>
    public IReadOnlyList<ResumedChoice>? Resume { get; init; }

    /// <summary>Only requests with an equal salt share cached prefixes; null is the common one.</summary>
    public string? CacheSalt { get; init; }

    /// <summary>Ends all answers with <see cref="FinishReason.Cancelled"/> and frees their memory.</summary>
    public CancellationToken Cancellation { get; init; }
}
