namespace HunyuanOrleans.Grains.Messages;

/// <summary>A chat message on the wire; see <see cref="Text.Templates.ChatMessage"/> for each value.</summary>
/// <param name="Role">Who speaks.</param>
/// <param name="Content">What is said; special tokens in it are text.</param>
/// <param name="Name">The speaker's name; null for none.</param>
/// <param name="ReasoningContent">What an assistant thought before it answered; null for none.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.chat.message")]
public sealed record ChatTurn(string Role, string? Content, string? Name = null, string? ReasoningContent = null);

/// <summary>A text as token ids.</summary>
/// <param name="Ids">The ids; empty where it was refused.</param>
/// <param name="Refusal">What is wrong with it; null where nothing is.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.encoded")]
public sealed record EncodedText(int[] Ids, RequestError? Refusal);

/// <summary>What callers must know of a model before they ask it.</summary>
/// <param name="Models">Names of the cluster's models.</param>
/// <param name="IsKnown">Whether the model is one of them; where not, nothing below is set.</param>
/// <param name="HasText">It has a tokenizer: prompts may be texts, and answers carry text.</param>
/// <param name="MaxTokens">Most tokens of prompt and answer together, which context and KV pool hold.</param>
/// <param name="Sampling">How its publisher suggests to draw.</param>
/// <param name="MaxNewTokens">Length of answers its publisher suggests; null where it does not.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.text.card")]
public sealed record TextCard(string[] Models, bool IsKnown, bool HasText, int MaxTokens, SamplingParamsMessage? Sampling, int? MaxNewTokens);
