namespace HunyuanOrleans.Contracts.Messages;

/// <summary>A text as token ids, or the reason why it has none.</summary>
/// <param name="Ids">The token ids; empty if there is an error.</param>
/// <param name="RequestError">What is wrong with the text; null if nothing is.</param>
/// <param name="Reasoning">Name of the format in which the model reasons in its answer to a chat; null if it does not.</param>
/// <param name="ReasoningStart">Where the prompt lets an answer begin: the number of a <see cref="Text.Answers.ReasoningStart"/>.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.encoded")]
public sealed record EncodedText(
    [property: Id(0)] int[] Ids, [property: Id(1)] RequestError? RequestError, [property: Id(2)] string? Reasoning = null, [property: Id(3)] int ReasoningStart = 0);
