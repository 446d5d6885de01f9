using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Contracts.Messages;

/// <summary>A generation request on the wire. <see cref="GenerationRequest"/> documents the values that both have.</summary>
[GenerateSerializer, Immutable, Alias("hunyuan.request")]
public sealed record RequestSpec
{
    /// <summary>Name of the model, or of the adapter that answers over the model <see cref="Parent"/>.</summary>
    [Id(0)]
    public string Model { get; init; } = "";

    /// <summary>Token ids of the prompt.</summary>
    [Id(1)]
    public int[] PromptIds { get; init; } = [];

    /// <summary>The sampling parameters. Their seed is set once the request has started.</summary>
    [Id(2)]
    public SamplingParamsMessage Sampling { get; init; } = new();

    /// <summary>Largest number of tokens of an answer; null for as many as fit.</summary>
    [Id(3)]
    public int? MaxTokens { get; init; }

    /// <summary>Token ids that end an answer.</summary>
    [Id(4)]
    public int[] StopIds { get; init; } = [];

    /// <summary>Texts that end an answer.</summary>
    [Id(5)]
    public string[] StopStrings { get; init; } = [];

    /// <summary>True to keep the stop text in the answer.</summary>
    [Id(6)]
    public bool IncludeStop { get; init; }

    /// <summary>True to continue after end-of-text ids.</summary>
    [Id(7)]
    public bool IgnoreEos { get; init; }

    /// <summary>Number of answers.</summary>
    [Id(8)]
    public int Choices { get; init; } = 1;

    /// <summary>Only requests with the same salt share cached prefixes. Null and empty are one salt, shared by all requests that set none.</summary>
    [Id(9)]
    public string? CacheSalt { get; init; }

    /// <summary>The answers that have not ended, with their tokens so far; null when the request starts.</summary>
    [Id(10)]
    public ChoiceProgress[]? Progress { get; init; }

    /// <summary>How long the request may wait for the model's scheduler to respond, over all attempts, before it ends with an error.</summary>
    [Id(11)]
    public TimeSpan Deadline { get; init; }

    /// <summary>True if batches carry text too; the model needs a tokenizer for it.</summary>
    [Id(12)]
    public bool IncludeText { get; init; }

    /// <summary>The constraint on the answer's text, in its serialised form; null for none. The scheduler's silo compiles it.</summary>
    [Id(13)]
    public string? Constraint { get; init; }

    /// <summary>Name of the request parameter that set the constraint, for error messages.</summary>
    [Id(14)]
    public string? ConstraintParameter { get; init; }

    /// <summary>The limit of each answer's reasoning; null for none.</summary>
    [Id(15)]
    public ReasoningLimitMessage? Reasoning { get; init; }

    /// <summary>True if batches report how far the prompt is computed.</summary>
    [Id(20)]
    public bool ReportProgress { get; init; }

    /// <summary>Place in the queue: requests with a lower value start first.</summary>
    [Id(21)]
    public int Priority { get; init; }

    /// <summary>Smallest number of tokens of an answer.</summary>
    [Id(22)]
    public int MinTokens { get; init; }

    /// <summary>Number of most probable tokens returned with each prompt token; null for no log probabilities of the prompt.</summary>
    [Id(23)]
    public int? PromptLogProbabilities { get; init; }

    /// <summary>
    /// The model that the adapter named by <see cref="Model"/> changes; null if that is a model itself. Silos of versions without adapters do not know the name and
    /// refuse the request.
    /// </summary>
    [Id(24)]
    public string? Parent { get; init; }

    /// <summary>Digest of the adapter that the answers have begun with; null before they begin. Another content under the adapter's name does not continue them.</summary>
    [Id(25)]
    public string? AdapterDigest { get; init; }

    /// <summary>Name of the model that computes: the adapter's parent, or the model itself.</summary>
    public string BaseModel => Parent ?? Model;

    /// <summary>Creates the message of a request.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="request">The request.</param>
    /// <param name="deadline">How long the request may wait for the model's scheduler to respond, over all attempts, before it ends with an error.</param>
    public static RequestSpec Of(string model, GenerationRequest request, TimeSpan deadline) => new()
    {
        Model = request.Adapter ?? model,
        Parent = request.Adapter is null ? null : model,
        PromptIds = request.PromptIds.ToArray(),
        Sampling = SamplingParamsMessage.Of(request.Sampling),
        MaxTokens = request.MaxTokens,
        StopIds = [.. request.StopIds],
        StopStrings = [.. request.StopStrings],
        IncludeStop = request.IncludeStop,
        IgnoreEos = request.IgnoreEos,
        Choices = request.Choices,
        CacheSalt = request.CacheSalt,
        Priority = request.Priority,
        MinTokens = request.MinTokens,
        PromptLogProbabilities = request.PromptLogProbabilities,
        Progress = request.Resume is null ? null : [.. request.Resume.Select(static r => new ChoiceProgress(r.Index, r.Ids.ToArray()))],
        Deadline = deadline,
        Constraint = request.Constraint?.Spec.Text,
        ConstraintParameter = request.Constraint?.Parameter,
        Reasoning = ReasoningLimitMessage.Of(request.Reasoning),
        ReportProgress = request.ReportProgress,
    };

    /// <summary>The request without its constraint, which has to be compiled first.</summary>
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
        Adapter = Parent is null ? null : Model,
        Reasoning = Reasoning?.ToLimit(),
        ReportProgress = ReportProgress,
        Priority = Priority,
        MinTokens = MinTokens,
        PromptLogProbabilities = PromptLogProbabilities,
        Resume = Progress is null ? null : Array.ConvertAll(Progress, static p => new ResumedChoice(p.Choice, p.Ids)),
    };
}

/// <summary>An answer that has started and not ended.</summary>
/// <param name="Choice">Index of the answer in the request.</param>
/// <param name="Ids">Its token ids so far.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.progress")]
public sealed record ChoiceProgress([property: Id(0)] int Choice, [property: Id(1)] int[] Ids);
