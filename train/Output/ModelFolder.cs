using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Train.Layers;
using HunyuanOrleans.Train.Parameters;

namespace HunyuanOrleans.Train.Output;

/// <summary>
/// Writes a trained model in the published layout, with the tokenizer and all other files of the base model, so that it can be served at once.
/// </summary>
internal static class ModelFolder
{
    /// <summary>Name of the file that makes the folder a model, and that appears last.</summary>
    public const string LastFile = "config.json";

    private const long MaxShardBytes = 5_000_000_000;

    private static readonly (string Packed, string Part)[] PackedNames = [(".qkv_proj.", ".q_proj."), (".gate_and_up_proj.", ".gate_proj.")];

    /// <summary>
    /// Checks that a checkpoint has the published names. What is trained is written under them, beside what was not trained under the names it has.
    /// </summary>
    /// <param name="config">The model.</param>
    /// <param name="checkpoint">The base model's weights.</param>
    /// <param name="selection">What is trained.</param>
    /// <exception cref="ModelException">It has other names.</exception>
    public static void RequirePublishedNames(ModelConfig config, Checkpoint checkpoint, TrainingSelection selection)
    {
        if (config.Family != ModelFamily.HyV3 || !config.HasExperts)
        {
            return;
        }

        string[] names = [WeightNames.RouterGates(config, config.FirstMoeLayer)[0], WeightNames.ExpertMlp(config.FirstMoeLayer, 0) + "gate_proj.weight"];
        if (names.FirstOrDefault(name => selection.TrainsBase(name) && !checkpoint.TryGet(name, out _)) is { } missing)
        {
            throw new ModelException(
                $"{checkpoint.Source} has no tensor {missing}; allowed for training all weights: a checkpoint with the published names and a tensor for each "
                + "expert. Adapters, and attention alone, are trained with other names too.");
        }
    }

    /// <summary>Writes the files.</summary>
    /// <param name="folder">An existing folder.</param>
    /// <param name="model">The model.</param>
    /// <param name="checkpoint">The base model's weights, from which tensors that were not trained are copied.</param>
    /// <param name="source">The base model's folder.</param>
    /// <param name="type">Type of the trained tensors: F32 or BF16.</param>
    public static void Write(string folder, TrainedModel model, Checkpoint checkpoint, string source, ElementType type)
    {
        StoredType stored = type == ElementType.F32 ? StoredType.F32 : StoredType.BF16;
        Dictionary<string, Parameter> trained = model.Parameters.ToDictionary(static parameter => parameter.Name, StringComparer.Ordinal);
        List<(TensorSpec Spec, Action<SafetensorsWriter> Write)> tensors = [];
        foreach (Parameter parameter in model.Parameters)
        {
            tensors.Add((new TensorSpec(parameter.Name, stored, parameter.Shape), writer => TensorFile.Write(writer, parameter.Name, parameter.Value, type)));
        }

        foreach (TensorView tensor in checkpoint.Tensors.Where(tensor => !IsCovered(tensor.Name, trained)).OrderBy(static tensor => tensor.Address))
        {
            tensors.Add((new TensorSpec(tensor.Name, tensor.StoredType, tensor.Shape.ToArray()), writer => Copy(tensor, writer)));
        }

        List<List<(TensorSpec Spec, Action<SafetensorsWriter> Write)>> shards =
            ShardLayout.Split(tensors, static tensor => tensor.Spec.ByteLength, MaxShardBytes);
        Dictionary<string, string> map = new(StringComparer.Ordinal);
        for (int i = 0; i < shards.Count; i++)
        {
            string name = ShardLayout.FileName(i, shards.Count);
            using SafetensorsWriter writer = new(Path.Combine(folder, name), [.. shards[i].Select(static tensor => tensor.Spec)]);
            foreach ((TensorSpec spec, Action<SafetensorsWriter> write) in shards[i])
            {
                write(writer);
                map.Add(spec.Name, name);
            }

            writer.Complete();
        }

        if (shards.Count > 1)
        {
            File.WriteAllText(Path.Combine(folder, CheckpointFiles.IndexName), ShardLayout.Index(map, tensors.Sum(static tensor => tensor.Spec.ByteLength)));
        }

        foreach (string file in SideFiles.Of(source))
        {
            string copy = Path.Combine(folder, Path.GetFileName(file));
            File.Copy(file, copy, overwrite: true);

            // The copy is opened again, to bring it to the disk.
            File.SetAttributes(copy, File.GetAttributes(copy) & ~FileAttributes.ReadOnly);
        }

        File.WriteAllText(Path.Combine(folder, LastFile), Config(File.ReadAllText(Path.Combine(source, LastFile)), type));
    }

    private static bool IsCovered(string name, Dictionary<string, Parameter> trained) =>
        trained.ContainsKey(name) || PackedNames.Any(pair => name.Contains(pair.Packed, StringComparison.Ordinal)
            && trained.ContainsKey(name.Replace(pair.Packed, pair.Part, StringComparison.Ordinal)));

    private static void Copy(TensorView tensor, SafetensorsWriter writer)
    {
        const int Piece = 16 << 20;
        for (long at = 0; at < tensor.ByteLength; at += Piece)
        {
            writer.Write(tensor.Name, at, tensor.Slice(at, (int)Math.Min(Piece, tensor.ByteLength - at)));
        }
    }

    private static string Config(string original, ElementType type)
    {
        JsonObject config = JsonNode.Parse(original)!.AsObject();
        string field = config.ContainsKey("dtype") ? "dtype" : "torch_dtype";
        config[field] = type == ElementType.F32 ? "float32" : "bfloat16";
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            config.WriteTo(writer);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
