using HunyuanOrleans.Contracts.Messages;
namespace HunyuanOrleans.Grains.Messages;

/// <summary>The result of a step.</summary>
/// <param name="Tokens">The tokens of each slice that wanted one, in the order of the slices.</param>
/// <param name="Logits">The logits of these tokens, float32 [tokens, vocabulary]; null unless the step asked for them.</param>
/// <param name="Scores">The tokens that follow the rows of <see cref="SliceMessage.Scoring"/>, with their log probabilities; null if no slice wanted any.</param>
/// <param name="Counts">
/// Number of tokens of each slice that wanted one: the accepted drafts and one more. Null if the step had no drafts; each slice then has one token.
/// </param>
[GenerateSerializer, Immutable, Alias("hunyuan.step.reply")]
public sealed record StepReply(
    [property: Id(0)] TokenMessage[] Tokens,
    [property: Id(1)] byte[]? Logits,
    [property: Id(2)] TokenMessage[]? Scores = null,
    [property: Id(3)] int[]? Counts = null);
