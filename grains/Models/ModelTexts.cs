using System.Collections.Concurrent;
using HunyuanOrleans.Engine.Text;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Tokenization;

namespace HunyuanOrleans.Grains.Models;

/// <summary>The tokenizers of a silo's models, each read once.</summary>
public sealed class ModelTexts(ModelHosts hosts)
{
    private readonly ConcurrentDictionary<string, Lazy<Tokenizer?>> _tokenizers = new(StringComparer.Ordinal);

    /// <summary>A model's tokenizer; null where its folder has none.</summary>
    /// <exception cref="ModelException">Its files are wrong.</exception>
    public Tokenizer? Tokenizer(string model) =>
        _tokenizers.GetOrAdd(model, name => new Lazy<Tokenizer?>(() => Load(hosts.Get(name).Settings.Directory))).Value;

    private static Tokenizer? Load(string directory) =>
        Model.Tokenization.Tokenizer.Exists(directory) ? Model.Tokenization.Tokenizer.Load(directory) : null;

    /// <summary>The bytes of a model's tokens; null where it has no tokenizer.</summary>
    internal ITokenText? Find(string model) => Tokenizer(model) is { } tokenizer ? new TokenizerText(tokenizer) : null;
}
