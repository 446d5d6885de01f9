using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Requests;

namespace HunyuanOrleans.Server.Generation;

/// <summary>A checked request, ready to be computed: one engine request per prompt, and how the answers are to be given.</summary>
/// <param name="Requests">One per prompt.</param>
/// <param name="Format">The shape of the answers.</param>
/// <param name="Stream">Whether answers are sent as they come.</param>
/// <param name="StreamUsage">Whether a stream ends with a usage chunk.</param>
/// <param name="SkipSpecial">Whether special tokens are left out of the text.</param>
internal sealed record AnswerJob(
    IReadOnlyList<GenerationRequest> Requests, IAnswerFormat Format, bool Stream, bool StreamUsage, bool SkipSpecial)
{
    /// <summary>What form the answers must have; null for any.</summary>
    public OutputSpec? Output { get; init; }

    /// <summary>What the caller knows the prompt as.</summary>
    public string PromptParameter { get; init; } = "prompt";

    /// <summary>What the caller gave the length of answers as.</summary>
    public string LengthParameter { get; init; } = "max_tokens";
}
