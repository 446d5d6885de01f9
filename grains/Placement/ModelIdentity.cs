using System.Globalization;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Adapters;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Text;

namespace HunyuanOrleans.Grains.Placement;

/// <summary>
/// What silos must have in common to share a model: named values, one for each thing that can differ. Values are texts to compare, or digests. A silo
/// announces it, see <see cref="SiloAnnouncement"/>. It does not know silos.
/// </summary>
public sealed class ModelIdentity
{
    /// <summary>
    /// Number of the protocol between silos. Increment it whenever silos of the previous version cannot take part in the same steps: they then refuse
    /// each other. A new part of the identity needs no new number, because another part that only one of two silos announces is not compared.
    /// </summary>
    public const int Protocol = 4;

    private const string Digest = "sha256:", ProtocolName = "protocol", Absent = "none", Any = "any", WeightForm = "form of weights and K/V", InstructionSet = "instruction set";
    private const char Line = '\n', Equal = '=';

    private readonly (string Name, string Value)[] _parts;

    private ModelIdentity(IEnumerable<(string Name, string Value)> parts)
    {
        _parts = [.. parts];
        Text = string.Join(Line, _parts.Select(static part => $"{part.Name}{Equal}{part.Value}"));
    }

    /// <summary>The identity as text, which <see cref="Parse"/> reads. Equal identities have equal texts.</summary>
    public string Text { get; }

    /// <summary>Computes the identity of a model on this silo. It reads a sample of the weights, and the adapters that the silo is started with.</summary>
    /// <param name="settings">The model.</param>
    /// <param name="format">The format of its weights, keys and values.</param>
    /// <param name="role">The silo's role. Gateways compute nothing, so their weights and instruction set do not count.</param>
    /// <exception cref="ModelException">A file of the model is missing, damaged or unreadable.</exception>
    /// <exception cref="TextException">A file of the tokenizer or template is damaged or unreadable.</exception>
    public static ModelIdentity Of(ModelSettings settings, string format, SiloRole role)
    {
        bool computes = role != SiloRole.Gateway;
        ModelDigest model = ModelDigest.Of(settings.Directory, weights: computes && settings.Simulation is null);
        TextDigest text = TextDigest.Of(settings.Directory);
        List<(string Name, string Value)> parts =
        [
            (ProtocolName, Protocol.ToString(CultureInfo.InvariantCulture)),
            ("config.json", Digest + model.Config),
            ("generation_config.json", Digest + model.GenerationConfig),
            ("tokenizer", Digest + text.Tokenizer),
            ("chat template", Digest + text.ChatTemplate),
            (WeightForm, format),
            ("kv-tokens", settings.Options.KvTokens.ToString(CultureInfo.InvariantCulture)),
            ("max-batch-tokens", settings.Options.MaxBatchTokens.ToString(CultureInfo.InvariantCulture)),
            ("max-sequences", settings.Options.MaxLogitRows.ToString(CultureInfo.InvariantCulture)),
        ];
        if (computes)
        {
            parts.Add((InstructionSet, settings.MixDevices && settings.Simulation is null ? Any : settings.Kind));
        }

        if (settings.Adapters.Count > 0)
        {
            ModelConfig config = ModelConfig.Load(settings.Directory);
            parts.AddRange(settings.Adapters.OrderBy(static adapter => adapter.Key, StringComparer.Ordinal)
                .Select(adapter => ($"adapter {adapter.Key}", Digest + AdapterFiles.Read(adapter.Value, config).Digest)));
        }

        if (model.Weights is { } weights)
        {
            parts.Add(("weights", Digest + weights));
        }

        if (model.PulledFiles is { } files)
        {
            parts.Add((FileSums.Name, Digest + files));
        }

        return new ModelIdentity(parts);
    }

    /// <summary>The identity of a silo of an earlier version, which announces these two values only.</summary>
    internal static ModelIdentity Of(string format, string isa) => new([(WeightForm, format), (InstructionSet, isa)]);

    /// <summary>Reads <see cref="Text"/>.</summary>
    public static ModelIdentity Parse(string text) => new(text.Split(Line).Select(static line =>
    {
        int equal = line.IndexOf(Equal, StringComparison.Ordinal);
        return (line[..Math.Max(0, equal)], line[(equal + 1)..]);
    }));

    /// <summary>True if no part that both have differs, and both have a protocol number or none.</summary>
    public bool Matches(ModelIdentity other) => Text == other.Text || Differing(other).Length == 0;

    /// <summary>What differs from another silo's identity, in words, such as "weights, kv-tokens (4096 instead of 8192)".</summary>
    public string DifferencesFrom(ModelIdentity reference) => string.Join(", ", Differing(reference).Select(static part =>
        part.Own.StartsWith(Digest, StringComparison.Ordinal) ? part.Name : $"{part.Name} ({part.Own} instead of {part.Other})"));

    private (string Name, string Own, string Other)[] Differing(ModelIdentity other) =>
    [
        .. DifferingProtocol(other),
        .. from own in _parts
           from theirs in other._parts
           where own.Name == theirs.Name && own.Name != ProtocolName && own.Value != theirs.Value
           select (own.Name, own.Value, theirs.Value),
    ];

    // Silos that announce no protocol number exchange other messages.
    private IEnumerable<(string Name, string Own, string Other)> DifferingProtocol(ModelIdentity other)
    {
        string own = ValueOf(ProtocolName), theirs = other.ValueOf(ProtocolName);
        return own == theirs ? [] : [(ProtocolName, own, theirs)];
    }

    private string ValueOf(string name) => Array.Find(_parts, part => part.Name == name).Value ?? Absent;
}
