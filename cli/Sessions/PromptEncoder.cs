using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>The text side of a model folder: tokenizer and chat template, each read when first needed. Knows no weights.</summary>
internal sealed class PromptEncoder : IPromptEncoder
{
    private readonly Lazy<Tokenizer> _tokenizer;
    private readonly Lazy<ChatEncoder> _chat;

    /// <summary>For a folder; nothing is read yet.</summary>
    public PromptEncoder(string folder)
    {
        Folder = folder;
        _tokenizer = new(() => Tokenizer.Load(folder));
        _chat = new(() => new ChatEncoder(Tokenizer, ChatTemplate.Load(folder)));
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>The tokenizer.</summary>
    /// <exception cref="HunyuanOrleans.Text.TextException">The folder has none, or a damaged one.</exception>
    public Tokenizer Tokenizer => _tokenizer.Value;

    /// <summary>The tokenizer; null where the folder has none.</summary>
    public Tokenizer? TokenizerIfAny => Tokenizer.Exists(Folder) ? Tokenizer : null;

    /// <summary>The token ids of a conversation, put through the chat template. Special tokens in its texts are ordinary text.</summary>
    public int[] EncodeChat(IReadOnlyList<ChatMessage> messages) => _chat.Value.Encode(messages);

    /// <inheritdoc/>
    public ValueTask<int[]> EncodeChatAsync(IReadOnlyList<ChatMessage> messages) => ValueTask.FromResult(EncodeChat(messages));

    /// <inheritdoc/>
    public ValueTask<int[]> EncodeAsync(string text) => ValueTask.FromResult(Tokenizer.Encode(text));
}
