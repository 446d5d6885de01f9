using HunyuanOrleans.Text.Templates;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>Turns prompts into token ids, with the tokenizer of a model folder or of a cluster.</summary>
internal interface IPromptEncoder
{
    /// <summary>Encodes a conversation with the chat template. Special tokens in the messages are ordinary text.</summary>
    ValueTask<int[]> EncodeChatAsync(IReadOnlyList<ChatMessage> messages);

    /// <summary>Encodes a text without the chat template.</summary>
    ValueTask<int[]> EncodeAsync(string text);
}
