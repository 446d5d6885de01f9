using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Contracts;

/// <summary>
/// Text at the edge of the cluster, for callers without the model's files: what a request needs before it is one. Stateless, on the silo the
/// caller is connected to; it runs while the model itself is busy or moving. The key is the model's name.
/// </summary>
public interface ITextGrain : IGrainWithStringKey
{
    /// <summary>What callers must know of the model. Any key is answered: the names of the models are part of it.</summary>
    [ResponseTimeout("00:00:10")]
    Task<TextCard> DescribeAsync();

    /// <summary>A chat through the model's template. Special tokens in the messages stay text.</summary>
    [ResponseTimeout("00:00:10")]
    Task<EncodedText> EncodeChatAsync(ChatTurn[] messages);

    /// <summary>A text as it is, nothing added. Special tokens in it stay text.</summary>
    [ResponseTimeout("00:00:10")]
    Task<EncodedText> EncodeAsync(string text);
}
