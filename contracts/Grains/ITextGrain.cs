using HunyuanOrleans.Contracts.Messages;

namespace HunyuanOrleans.Contracts.Grains;

/// <summary>
/// The text side of a model, for callers without the model's files: templates and tokenizer. It is a stateless worker on the silo that the caller is
/// connected to, and works while the model itself is busy or moving. The key is the model's name.
/// </summary>
[Alias("hunyuan.ITextGrain")]
public interface ITextGrain : IGrainWithStringKey
{
    /// <summary>Returns the properties of the model that callers need, and the names of all models. Any key is answered.</summary>
    [Alias("DescribeAsync"), ClientCallable, ResponseTimeout("00:00:10")]
    Task<TextCard> DescribeAsync();

    /// <summary>Encodes a chat through the model's template. Special tokens in the messages are encoded as text.</summary>
    [Alias("EncodeChatAsync"), ClientCallable, ResponseTimeout("00:00:10")]
    Task<EncodedText> EncodeChatAsync(ChatTurn[] messages);

    /// <summary>Encodes a text without adding anything. Special tokens in it are encoded as text.</summary>
    [Alias("EncodeAsync"), ClientCallable, ResponseTimeout("00:00:10")]
    Task<EncodedText> EncodeAsync(string text);
}
