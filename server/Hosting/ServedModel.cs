using System.Globalization;
using System.Text;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Adapters;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Text.Answers;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>
/// A running model together with its tokenizer and chat template. It does not know where the model runs, and does not own the generator.
/// </summary>
public sealed class ServedModel
{
    private readonly ITokenText _visible, _full;

    /// <summary>Creates the model as the endpoints see it.</summary>
    /// <param name="name">The name that requests use.</param>
    /// <param name="generator">The running model.</param>
    /// <param name="tokenizer">The tokenizer; null if the model has none. Then prompts must be token ids, and answers are shown as token
    /// ids.</param>
    /// <param name="template">The chat template; null only without a tokenizer.</param>
    /// <param name="defaults">The model's default sampling parameters.</param>
    /// <param name="created">When the model was loaded, in seconds since 1970.</param>
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
            Reasoning = ReasoningFormat.Of(template, tokenizer);
            ToolCalls = ToolCallFormat.Of(template, tokenizer);
        }

        _full = tokenizer is null ? new NumberText() : new TokenizerText(tokenizer, skipSpecial: false);
        _visible = tokenizer is null ? _full : new TokenizerText(tokenizer);
        Constraints = new ConstraintQueue(tokenizer is null ? null : _visible, generator.Info);
    }

    private ServedModel(ServedModel other)
    {
        (Name, Generator, Tokenizer, Defaults, Created) = (other.Name, other.Generator, other.Tokenizer, other.Defaults, other.Created);
        (Chat, Reasoning, ToolCalls, BeginId, Adapters) = (other.Chat, other.Reasoning, other.ToolCalls, other.BeginId, other.Adapters);
        (_full, _visible, Constraints) = (other._full, other._visible, other.Constraints);
    }

    /// <summary>The name that requests use.</summary>
    public string Name { get; private init; }

    /// <summary>The adapters that requests can name instead of the model; null: the host has none.</summary>
    public IAdapterCatalog? Adapters { get; init; }

    /// <summary>Name of the adapter that answers; null for the bare model.</summary>
    public string? Adapter { get; private init; }

    /// <summary>The running model.</summary>
    public IGenerator Generator { get; }

    /// <summary>The tokenizer, if any.</summary>
    public Tokenizer? Tokenizer { get; }

    /// <summary>Encodes chats as token ids; null without a tokenizer and a template.</summary>
    public ChatEncoder? Chat { get; }

    /// <summary>How the model marks its reasoning; null if it does not reason. Default: as its chat template tells.</summary>
    public ReasoningFormat? Reasoning { get; init; }

    /// <summary>How the model writes tool calls. Default: as its chat template tells.</summary>
    public ToolCallFormat ToolCalls { get; init; } = ToolCallFormat.JsonList;

    /// <summary>The model's default sampling parameters.</summary>
    public GenerationDefaults Defaults { get; }

    /// <summary>When the model was loaded, in seconds since 1970.</summary>
    public long Created { get; private init; }

    /// <summary>The begin-of-sequence token, which is added to a prompt if the request asks for it; null if the model has none.</summary>
    public int? BeginId { get; init; }

    /// <summary>Compiles the constraints of structured outputs.</summary>
    internal ConstraintQueue Constraints { get; }

    /// <summary>Finds what a request names: this model, or this model with one of its adapters.</summary>
    /// <returns>Null if the name is neither.</returns>
    internal ServedModel? Find(string name) => name == Name ? this : Adapters?.Find(name) is { } adapter ? With(adapter) : null;

    /// <summary>This model with an adapter.</summary>
    internal ServedModel With(AdapterInfo adapter) => new(this) { Name = adapter.Name, Adapter = adapter.Name, Created = adapter.Created };

    /// <summary>Decodes ids to text, with special tokens.</summary>
    internal string Decode(ReadOnlySpan<int> ids)
    {
        TextStream stream = new(_full);
        return stream.Append(ids) + stream.Finish();
    }

    /// <summary>Returns the mapping from tokens to bytes.</summary>
    /// <param name="skipSpecial">Whether special tokens map to no bytes.</param>
    internal ITokenText Text(bool skipSpecial) => skipSpecial ? _visible : _full;

    // Without a tokenizer, the text of an answer is its token ids.
    private sealed class NumberText : ITokenText
    {
        public ReadOnlySpan<byte> TokenBytes(int id) => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id} "));
    }
}
