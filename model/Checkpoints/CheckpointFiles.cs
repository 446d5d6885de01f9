using System.Text.Json;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>Finds the files of a checkpoint in a folder, and checks the index of a sharded checkpoint against its shards.</summary>
internal sealed class CheckpointFiles
{
    public const string SingleName = "model.safetensors";
    public const string IndexName = "model.safetensors.index.json";

    private readonly Dictionary<string, string>? _map;

    private CheckpointFiles(string source, IReadOnlyList<string> shards, Dictionary<string, string>? map)
    {
        Source = source;
        Shards = shards;
        _map = map;
    }

    public string Source { get; }

    /// <summary>Full paths of the safetensors files, ordered by name.</summary>
    public IReadOnlyList<string> Shards { get; }

    /// <summary>Whether the folder contains a safetensors file or an index.</summary>
    public static bool Exist(string directory) =>
        File.Exists(Path.Combine(directory, SingleName)) || File.Exists(Path.Combine(directory, IndexName));

    public static CheckpointFiles Find(string directory)
    {
        string single = Path.Combine(directory, SingleName);
        string index = Path.Combine(directory, IndexName);
        if (!Directory.Exists(directory))
        {
            throw new ModelException($"{directory}: there is no such folder; allowed: a model folder.");
        }

        if (!File.Exists(index))
        {
            return File.Exists(single)
                ? new CheckpointFiles(single, [single], null)
                : throw new ModelException(
                    $"{directory}: no weights found; allowed: a folder with {SingleName}, or with {IndexName} and the shards it lists.");
        }

        Dictionary<string, string> map = ReadIndex(index);
        List<string> shards = [.. map.Values.Distinct().Order(StringComparer.Ordinal)];
        if (File.Exists(single) && !shards.Contains(SingleName))
        {
            throw new ModelException(
                $"{directory}: the folder has both {SingleName} and {IndexName}, and the index does not list that file; allowed: one of the two.");
        }

        foreach (string shard in shards)
        {
            if (!File.Exists(Path.Combine(directory, shard)))
            {
                string tensor = map.First(m => m.Value == shard).Key;
                throw new ModelException($"{index}: shard {shard} is missing from the folder; the index lists it for \"{tensor}\" and others.");
            }
        }

        return new CheckpointFiles(index, [.. shards.Select(s => Path.Combine(directory, s))], map);
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
