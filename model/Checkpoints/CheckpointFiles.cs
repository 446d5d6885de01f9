using System.Text.Json;
using System.Text.RegularExpressions;
using HunyuanOrleans.Gguf;
using HunyuanOrleans.Model.Checkpoints.Gguf;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// Finds the files of a checkpoint in a folder, and checks the index of a sharded checkpoint against its shards. safetensors files are preferred to those
/// of PyTorch.
/// </summary>
internal sealed partial class CheckpointFiles
{
    public const string SingleName = "model.safetensors";
    public const string IndexName = "model.safetensors.index.json";
    private const string PyTorchName = "pytorch_model.bin";
    private const string PyTorchIndexName = "pytorch_model.bin.index.json";
    private const int Named = 8;

    private readonly Dictionary<string, string>? _map;

    private CheckpointFiles(CheckpointFormat format, string source, IReadOnlyList<string> shards, Dictionary<string, string>? map)
    {
        Format = format;
        Source = source;
        Shards = shards;
        _map = map;
    }

    /// <summary>The format of all files.</summary>
    public CheckpointFormat Format { get; }

    public string Source { get; }

    /// <summary>Full paths of the files, ordered by name.</summary>
    public IReadOnlyList<string> Shards { get; }

    /// <summary>Whether the folder contains files with weights, or an index of them.</summary>
    /// <param name="directory">The folder, or a GGUF file.</param>
    public static bool Exist(string directory) =>
        HasAny(directory, SingleName, IndexName, PyTorchName, PyTorchIndexName) || GgufModel.Guard(directory, () => GgufFiles.Find(directory)) is not null;

    /// <summary>Finds the files of a folder, or those of a GGUF file.</summary>
    /// <exception cref="ModelException">There are none, or some are missing; the message says which.</exception>
    public static CheckpointFiles Find(string directory)
    {
        if (GgufModel.Guard(directory, () => GgufFiles.Find(directory)) is { } gguf)
        {
            return new CheckpointFiles(CheckpointFormat.Gguf, gguf, GgufModel.Files(gguf), null);
        }

        if (!Directory.Exists(directory))
        {
            throw new ModelException($"{directory}: there is no such folder; allowed: a model folder.");
        }

        bool pyTorch = !HasAny(directory, SingleName, IndexName) && HasAny(directory, PyTorchName, PyTorchIndexName);
        CheckpointFormat format = pyTorch ? CheckpointFormat.PyTorch : CheckpointFormat.Safetensors;
        string singleName = pyTorch ? PyTorchName : SingleName, indexName = pyTorch ? PyTorchIndexName : IndexName;
        string single = Path.Combine(directory, singleName);
        string index = Path.Combine(directory, indexName);
        if (!File.Exists(index))
        {
            return File.Exists(single) ? new CheckpointFiles(format, single, [single], null) : throw NotFound(directory);
        }

        Dictionary<string, string> map = ReadIndex(index);
        List<string> shards = [.. map.Values.Distinct().Order(StringComparer.Ordinal)];
        if (File.Exists(single) && !shards.Contains(singleName))
        {
            throw new ModelException(
                $"{directory}: the folder has both {singleName} and {indexName}, and the index does not list that file; allowed: one of the two.");
        }

        List<string> missing = shards.FindAll(shard => !File.Exists(Path.Combine(directory, shard)));
        if (missing.Count > 0)
        {
            string tensor = map.First(m => m.Value == missing[0]).Key;
            throw new ModelException(missing.Count == 1
                ? $"{index}: shard {missing[0]} is missing from the folder; the index lists it for \"{tensor}\" and others."
                : $"{index}: {missing.Count} of {shards.Count} shards are missing from the folder: {List(missing)}. The download is incomplete.");
        }

        return new CheckpointFiles(format, index, [.. shards.Select(s => Path.Combine(directory, s))], map);
    }

    /// <summary>
    /// Checks that every tensor of the index is in the shard that the index names. A tensor that the index does not list is accepted:
    /// <see cref="WeightValidator"/> refuses it if the model does not have it.
    /// </summary>
    public void CheckIndex(Dictionary<string, TensorView> tensors)
    {
        if (_map is null)
        {
            return;
        }

        foreach ((string name, string shard) in _map)
        {
            if (!tensors.TryGetValue(name, out TensorView? tensor))
            {
                throw new ModelException($"{Source}: tensor \"{name}\" is listed in shard {shard}, but the shard does not hold it.");
            }

            if (Path.GetFileName(tensor.File) != shard)
            {
                throw new ModelException($"{Source}: tensor \"{name}\" is listed in shard {shard}, but it is stored in {tensor.File}.");
            }
        }
    }

    private static bool HasAny(string directory, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (File.Exists(Path.Combine(directory, name)))
            {
                return true;
            }
        }

        return false;
    }

    // Shards without an index come from a download that was not finished. Their names say how many there are.
    private static ModelException NotFound(string directory)
    {
        IEnumerable<Match> matches = Directory.EnumerateFiles(directory).Select(static file => Shard().Match(Path.GetFileName(file)));
        Match[] shards = [.. matches.Where(static match => match.Success)];
        if (shards.Length == 0)
        {
            return new ModelException(
                $"{directory}: no weights found; allowed: a folder with {SingleName}, or with {IndexName} and the shards it lists, the same of " +
                $"{PyTorchName}, or a GGUF file.");
        }

        string start = shards[0].Groups[1].Value, count = shards[0].Groups[3].Value, ending = shards[0].Groups[4].Value;
        HashSet<string> there = [.. shards.Select(static match => match.Value)];
        int expected = int.Parse(count, System.Globalization.CultureInfo.InvariantCulture);
        IEnumerable<string> all = Enumerable.Range(1, expected).Select(i => $"{start}-{i:D5}-of-{count}.{ending}");
        List<string> missing = [.. all.Where(name => !there.Contains(name)), $"{start}.{ending}.index.json"];
        return new ModelException($"{directory}: the download is incomplete; missing: {List(missing)}.");
    }

    private static string List(List<string> names) => string.Join(", ", names.Take(Named)) + (names.Count > Named ? ", …" : "");

    [GeneratedRegex(@"^(.+)-([0-9]{5})-of-([0-9]{5})\.(safetensors|bin)$")]
    private static partial Regex Shard();

    private static Dictionary<string, string> ReadIndex(string path)
    {
        using JsonDocument json = JsonFile.Read(path);
        JsonElement root = json.RootElement;
        if (root.ValueKind != JsonValueKind.Object ||
            !root.TryGetProperty("weight_map", out JsonElement element) ||
            element.ValueKind != JsonValueKind.Object)
        {
            throw new ModelException($"{path}: \"weight_map\" is missing or not an object; allowed: an object of file names by tensor name.");
        }

        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty property in element.EnumerateObject())
        {
            string? shard = property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString() : null;

            // Without this check, a downloaded index could name and read files outside the folder.
            if (string.IsNullOrEmpty(shard) || shard.AsSpan().ContainsAny('/', '\\', '\0') || shard is "." or "..")
            {
                throw new ModelException(
                    $"{path}: tensor \"{property.Name}\" is listed in {property.Value.GetRawText()}; allowed: the name of a file in the same folder.");
            }

            map.Add(property.Name, shard);
        }

        return map.Count > 0 ? map : throw new ModelException($"{path}: \"weight_map\" is empty; allowed: at least one tensor.");
    }
}
