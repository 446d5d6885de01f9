using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Server.Generation;

/// <summary>A validated request, ready to be submitted: one engine request per prompt, and the format of the response.</summary>
/// <param name="Requests">The engine requests, one per prompt.</param>
/// <param name="Format">The format of the response.</param>
/// <param name="Stream">Whether the response is streamed.</param>
/// <param name="SkipSpecial">Whether special tokens are omitted from the text.</param>
internal sealed record GenerationJob(
    IReadOnlyList<GenerationRequest> Requests, IResponseFormat Format, bool Stream, bool SkipSpecial)
{
    /// <summary>The constraint on the text of the choices; null for none.</summary>
    public StructuredOutput? Output { get; init; }

    /// <summary>Whether a stream reports how far the prompts are computed.</summary>
    public bool ReportProgress { get; init; }

    /// <summary>What the text of the choices consists of; null for plain text.</summary>
    public AnswerOptions? Answer { get; init; }

    /// <summary>The request parameter that holds the prompt, for errors.</summary>
    public string PromptParameter { get; init; } = "prompt";

    /// <summary>The request parameter that limits the length of the choices, for errors.</summary>
    public string LengthParameter { get; init; } = "max_tokens";
}
