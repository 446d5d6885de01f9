using System.Text.Json;
using System.Text.Json.Nodes;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Checkpoints.Gguf;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Adapters.Merging;

/// <summary>
/// Writes a copy of a model whose weights have an adapter added, W + scale * B A, in small chunks of rows, so that memory use does not depend on the size of the
/// model.
/// </summary>
public static class AdapterMerger
{
    /// <summary>Writes the copy. The files appear in the output folder only when all are written; after an error there are none.</summary>
    /// <param name="model">The folder of an unquantised model.</param>
    /// <param name="lora">The folder of the adapter.</param>
    /// <param name="output">The folder to write, which must be empty or not exist.</param>
    /// <param name="type">The type of all written tensors: BF16, F16 or F32; null: each as it is stored.</param>
    /// <param name="progress">Called with the finished and the total source bytes, possibly from several threads at once.</param>
    /// <param name="cancellationToken">Checked every few MB.</param>
    /// <param name="maxShardBytes">Most data bytes of a file. A larger tensor is a file by itself.</param>
    /// <returns>Bytes of the written tensors.</returns>
    /// <exception cref="ModelException">Model or adapter cannot be used, a result does not fit the type, or the output cannot be written.</exception>
    public static long Merge(
        string model,
        string lora,
        string output,
        StoredType? type = null,
        Action<long, long>? progress = null,
        CancellationToken cancellationToken = default,
        long maxShardBytes = ShardWriter.DefaultMaxShardBytes)
    {
        if (GgufConversion.IsGguf(model))
        {
            throw new ModelException($"{model}: a GGUF file; allowed: a model folder, which `hunyuan convert` makes of a GGUF file.");
        }

        ModelConfig config = ModelConfig.Load(model);
        if (config.Quantization is { } stored)
        {
            throw new ModelException($"{config.Source}: the model is quantised ({stored.Method}); allowed: an unquantised model. Serve the adapter with --lora instead.");
        }

        using LoraFolder folder = LoraFolder.Open(lora, config);
        using Checkpoint checkpoint = Checkpoint.Open(model);
        Weights weights = new(config, checkpoint);
        weights.Validate();
        ILookup<string, MergedRows> merged = MergedRows.Of(weights, folder).ToLookup(static rows => rows.Range.Tensor.Name);
        List<MergedTensor> tensors = [.. checkpoint.Tensors.OrderBy(static tensor => tensor.Address).Select(tensor => new MergedTensor(tensor, type, [.. merged[tensor.Name]]))];
        long bytes = ShardWriter.Bytes(tensors);
        List<string> others = SideFiles.Of(model);
        using OutputFolder target = OutputFolder.Create(output, bytes + others.Sum(static file => new FileInfo(file).Length));
        try
        {
            ShardWriter.Write(target.Path, tensors, maxShardBytes, progress, cancellationToken);
            others.ForEach(file => File.Copy(file, Path.Combine(target.Path, Path.GetFileName(file))));
            File.WriteAllText(Path.Combine(target.Path, "config.json"), ConfigText(config.Source, type));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{output}: cannot be written: {e.Message}", e);
        }

        target.Complete();
        return bytes;
    }

    private static string ConfigText(string source, StoredType? type)
    {
        string text = File.ReadAllText(source);
        if (type is null)
        {
            return text;
        }

        JsonObject json = JsonNode.Parse(text)!.AsObject();
        json[json.ContainsKey("dtype") && !json.ContainsKey("torch_dtype") ? "dtype" : "torch_dtype"] = type switch
        {
            StoredType.BF16 => "bfloat16",
            StoredType.F16 => "float16",
            _ => "float32",
        };
        return json.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n";
    }
}
