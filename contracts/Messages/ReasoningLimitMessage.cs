using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Contracts.Messages;

/// <summary>A <see cref="ReasoningLimit"/> on the wire.</summary>
/// <param name="MaxTokens">The most tokens of reasoning.</param>
/// <param name="Open">The text that begins the reasoning; null if the prompt has begun it.</param>
/// <param name="Close">The text that ends the reasoning.</param>
/// <param name="CloseIds">Token ids that end the reasoning.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.reasoning")]
public sealed record ReasoningLimitMessage(
    [property: Id(0)] int MaxTokens, [property: Id(1)] string? Open, [property: Id(2)] string Close, [property: Id(3)] int[] CloseIds)
{
    /// <summary>Creates the message of a limit; null for none.</summary>
    public static ReasoningLimitMessage? Of(ReasoningLimit? limit) =>
        limit is null ? null : new ReasoningLimitMessage(limit.MaxTokens, limit.Open, limit.Close, [.. limit.CloseIds]);

    /// <summary>The limit.</summary>
    public ReasoningLimit ToLimit() => new(MaxTokens, Open, Close, CloseIds);
}
