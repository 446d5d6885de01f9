using System.Globalization;
using System.Text;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>
/// A running model with its text side, as the endpoints use it. It does not know where the model runs, and does not own the generator.
/// </summary>
public sealed class ServedModel
{
    private readonly ITokenText _visible, _full;

    /// <summary>Puts the sides together.</summary>
    /// <param name="name">What requests call it.</param>
    /// <param name="generator">The running model.</param>
    /// <param name="tokenizer">Its tokenizer; null where it has none: then only token ids go in, and no text comes out.</param>
    /// <param name="template">Its chat template; null only without a tokenizer.</param>
    /// <param name="defaults">What it suggests for sampling.</param>
    /// <param name="created">When it was made, in seconds since 1970.</param>
    public ServedModel(
        string name, IGenerator generator, Tokenizer? tokenizer, ChatTemplate? template, GenerationDefaults defaults, long created)
    {
        Name = name;
        Generator = generator;
        Tokenizer = tokenizer;
        Defaults = defaults;
        Created = created;
        if (tokenizer is not null)
        {
            Chat = template is null ? null : new ChatEncoder(tokenizer, template);
        }

        _full = tokenizer is null ? new NumberText() : new SpecialTokenText(tokenizer);
        _visible = tokenizer is null ? _full : new TokenizerText(tokenizer);
        Constraints = new ConstraintQueue(tokenizer is null ? null : _visible, generator.Info);
    }

    /// <summary>What requests call it.</summary>
    public string Name { get; }

    /// <summary>The running model.</summary>
    public IGenerator Generator { get; }

    /// <summary>Its tokenizer, where it has one.</summary>
    public Tokenizer? Tokenizer { get; }

    /// <summary>Turns chats into ids, where there is a tokenizer and a template.</summary>
    public ChatEncoder? Chat { get; }

    /// <summary>What it suggests for sampling.</summary>
    public GenerationDefaults Defaults { get; }

    /// <summary>When it was made, in seconds since 1970.</summary>
    public long Created { get; }

    /// <summary>The token that begins a text where a request asks for it; null for none.</summary>
    public int? BeginId { get; init; }

    /// <summary>Compiles what answers must look like.</summary>
    internal ConstraintQueue Constraints { get; }

    /// <summary>The text of ids, special tokens included.</summary>
    internal string Decode(ReadOnlySpan<int> ids)
    {
        TextStream stream = new(_full);
        return stream.Append(ids) + stream.Finish();
    }

    /// <summary>The bytes of tokens.</summary>
    /// <param name="skipSpecial">Whether special tokens have none.</param>
    internal ITokenText Text(bool skipSpecial) => skipSpecial ? _visible : _full;

    private sealed class SpecialTokenText(Tokenizer tokenizer) : ITokenText
    {
        public ReadOnlySpan<byte> TokenBytes(int id) => tokenizer.TokenBytes(id);
    }

    // Without a tokenizer an answer's text is its token ids.
    private sealed class NumberText : ITokenText
    {
        public ReadOnlySpan<byte> TokenBytes(int id) => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id} "));
    }
}
