using HunyuanOrleans.Contracts.Messages;
namespace HunyuanOrleans.Grains.Messages;

/// <summary>The result of a step.</summary>
/// <param name="Tokens">A token for each slice that wanted one, in the order of the slices.</param>
/// <param name="Logits">The logits of these tokens, float32 [tokens, vocabulary]; null unless the step asked for them.</param>
/// <param name="Scores">The tokens that follow the rows of <see cref="SliceMessage.Scoring"/>, with their log probabilities; null if no slice wanted any.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.step.reply")]
public sealed record StepReply(
    [property: Id(0)] TokenMessage[] Tokens, [property: Id(1)] byte[]? Logits, [property: Id(2)] TokenMessage[]? Scores = null);
