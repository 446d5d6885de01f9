namespace HunyuanOrleans.Contracts.Messages;

/// <summary>A chat message on the wire; see <see cref="Text.Templates.ChatMessage"/> for each value.</summary>
/// <param name="Role">The speaker's role.</param>
/// <param name="Content">The message text. Special tokens in it are encoded as text.</param>
/// <param name="Name">The speaker's name; null for none.</param>
/// <param name="ReasoningContent">The reasoning of an assistant before its answer; null for none.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.chat.message")]
public sealed record ChatTurn(
    [property: Id(0)] string Role, [property: Id(1)] string? Content, [property: Id(2)] string? Name = null, [property: Id(3)] string? ReasoningContent = null);

/// <summary>A text as token ids, or the reason why it has none.</summary>
/// <param name="Ids">The token ids; empty if there is an error.</param>
/// <param name="RequestError">What is wrong with the text; null if nothing is.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.encoded")]
public sealed record EncodedText([property: Id(0)] int[] Ids, [property: Id(1)] RequestError? RequestError);

/// <summary>The properties of a model that callers need before they send a request.</summary>
/// <param name="Models">Names of the cluster's models.</param>
/// <param name="IsKnown">True if the model is one of them. Otherwise the properties below have no meaning.</param>
/// <param name="HasText">True if the model has a tokenizer: prompts may be texts, and answers carry text.</param>
/// <param name="MaxTokens">Largest number of tokens of prompt and answer together that context and KV pool hold.</param>
/// <param name="Sampling">The sampling parameters that the publisher recommends.</param>
/// <param name="MaxNewTokens">The answer length in tokens that the publisher recommends; null for none.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.text.card")]
public sealed record TextCard(
    [property: Id(0)] string[] Models,
    [property: Id(1)] bool IsKnown,
    [property: Id(2)] bool HasText,
    [property: Id(3)] int MaxTokens,
    [property: Id(4)] SamplingParamsMessage? Sampling,
    [property: Id(5)] int? MaxNewTokens);
