using System.Collections.Concurrent;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Text;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Grains.Models;

/// <summary>Tokenizers, templates and constraint compilers of a silo's models. Each file is read once, when it is first needed.</summary>
public sealed class ModelTexts(ModelHosts hosts)
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>The tokenizer of a model; null if its folder has none.</summary>
    /// <exception cref="TextException">A file of the model is wrong.</exception>
    public Tokenizer? Tokenizer(string model) => Of(model).Tokenizer.Value;

    /// <summary>The chat encoder of a model; null if the model has no tokenizer.</summary>
    /// <exception cref="TextException">A file of the model is wrong.</exception>
    public ChatEncoder? Chat(string model) => Of(model).Chat.Value;

    /// <summary>The generation defaults of the model's publisher.</summary>
    /// <exception cref="ModelException">The file is wrong.</exception>
    public GenerationDefaults Defaults(string model) => Of(model).Defaults.Value;

    /// <summary>The constraint compiler for a model's vocabulary; null if the model has no tokenizer.</summary>
    /// <exception cref="TextException">A file of the model is wrong.</exception>
    internal ConstraintCompiler? Constraints(string model) => Of(model).Constraints.Value;

    /// <summary>The bytes of a model's tokens; null if it has no tokenizer.</summary>
    internal ITokenText? Find(string model) => Tokenizer(model) is { } tokenizer ? new TokenizerText(tokenizer) : null;

    /// <summary>The sampling parameters that the model's publisher recommends.</summary>
    internal SamplingParams Sampling(string model)
    {
        GenerationDefaults defaults = Defaults(model);
        return SamplingParams.Default with
        {
            Temperature = defaults.DoSample ? (float)defaults.Temperature : 0,
            TopP = (float)defaults.TopP,
            TopK = defaults.TopK,
            RepetitionPenalty = (float)defaults.RepetitionPenalty,
        };
    }

    private Entry Of(string model) => _entries.GetOrAdd(model, static (name, hosts) => new Entry(hosts.Get(name)), hosts);

    private sealed class Entry
    {
        public Entry(ModelHost host)
        {
            string directory = host.Settings.Directory;
            Tokenizer = new(() => Text.Tokenization.Tokenizer.Exists(directory) ? Text.Tokenization.Tokenizer.Load(directory) : null);
            Chat = new(() => Tokenizer.Value is { } tokenizer ? new ChatEncoder(tokenizer, ChatTemplate.Load(directory)) : null);
            Constraints = new(() => Tokenizer.Value is { } tokenizer
                ? new ConstraintCompiler(new TokenizerText(tokenizer), host.Config.VocabSize, EosIds(host))
                : null);
            Defaults = new(() => GenerationDefaults.Load(directory));
        }

        public Lazy<Tokenizer?> Tokenizer { get; }

        public Lazy<ChatEncoder?> Chat { get; }

        public Lazy<ConstraintCompiler?> Constraints { get; }

        public Lazy<GenerationDefaults> Defaults { get; }

        private static IReadOnlyList<int> EosIds(ModelHost host) =>
            host.Settings.Engine.EosIds is { Count: > 0 } set ? set : host.Config.EosTokenIds;
    }
}
