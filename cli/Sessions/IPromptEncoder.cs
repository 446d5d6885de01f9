using HunyuanOrleans.Text.Templates;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>What turns prompts into token ids: a model folder, or a cluster that has the model.</summary>
internal interface IPromptEncoder
{
    /// <summary>Token ids of a conversation, put through the chat template. Special tokens in its texts are ordinary text.</summary>
    ValueTask<int[]> EncodeChatAsync(IReadOnlyList<ChatMessage> messages);

    /// <summary>Token ids of a text as it is.</summary>
    ValueTask<int[]> EncodeAsync(string text);
}
