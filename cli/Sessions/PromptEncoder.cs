using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>Encodes prompts with the tokenizer and the chat template of a model folder. Each is loaded when it is first needed.</summary>
internal sealed class PromptEncoder : IPromptEncoder
{
    private readonly Lazy<Tokenizer> _tokenizer;
    private readonly Lazy<ChatEncoder> _chat;

    /// <summary>Creates the encoder of a folder; nothing is read yet.</summary>
    public PromptEncoder(string folder)
    {
        Folder = folder;
        _tokenizer = new(() => Tokenizer.Load(folder));
        _chat = new(() => new ChatEncoder(Tokenizer, ChatTemplate.Load(folder)));
    }

    /// <summary>The model folder.</summary>
    public string Folder { get; }

    /// <summary>The tokenizer.</summary>
    /// <exception cref="HunyuanOrleans.Text.TextException">The folder has no tokenizer, or it is damaged.</exception>
    public Tokenizer Tokenizer => _tokenizer.Value;

    /// <summary>The tokenizer; null if the folder has none.</summary>
    public Tokenizer? TokenizerOrNull => Tokenizer.Exists(Folder) ? Tokenizer : null;

    /// <summary>Encodes a conversation with the chat template. Special tokens in the messages are ordinary text.</summary>
    public int[] EncodeChat(IReadOnlyList<ChatMessage> messages) => _chat.Value.Encode(messages);

    /// <inheritdoc/>
    public ValueTask<int[]> EncodeChatAsync(IReadOnlyList<ChatMessage> messages) => ValueTask.FromResult(EncodeChat(messages));

    /// <inheritdoc/>
    public ValueTask<int[]> EncodeAsync(string text) => ValueTask.FromResult(Tokenizer.Encode(text));
}
