namespace HunyuanOrleans.Contracts.Messages;

/// <summary>A text as token ids, or the reason why it has none.</summary>
/// <param name="Ids">The token ids; empty if there is an error.</param>
/// <param name="RequestError">What is wrong with the text; null if nothing is.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.encoded")]
public sealed record EncodedText([property: Id(0)] int[] Ids, [property: Id(1)] RequestError? RequestError);
