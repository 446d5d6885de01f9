using System.Collections.Concurrent;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Quantization.Writing;

/// <summary>
/// Writes a quantised copy of a model folder: tensor by tensor, rows by rows, so that memory does not grow with the model. Loading the copy
/// gives the same packed weights as loading the original in that form, for all formats: rows are quantised by the same code.
/// </summary>
public static class ModelQuantizer
{
    /// <summary>Bytes of a file from which on another one is begun.</summary>
    public const long StandardShardBytes = 5_000_000_000;

    // Read for one unit of work: small beside the model, large beside the cost of handing it out.
    private const long ChunkBytes = 4 << 20;

    private static readonly string[] WeightEndings = [".safetensors", ".bin", ".pt", ".pth", ".gguf", ".packed", ".part"];

    /// <summary>Writes the copy. Its folder appears when it is whole; until then, and after an error, there is none.</summary>
    /// <param name="model">The model's folder, not quantised.</param>
    /// <param name="output">The folder to make: new, or empty.</param>
    /// <param name="format">What to quantise to, not none.</param>
    /// <param name="progress">Told the source bytes done so far, and all; may be called from several threads.</param>
    /// <param name="cancellationToken">Stops between pieces of a few MB.</param>
    /// <param name="maxShardBytes">Bytes of a file from which on another one is begun.</param>
    /// <returns>Bytes of the tensors written.</returns>
    /// <exception cref="ModelException">The model is wrong or quantised already, or the output cannot be written.</exception>
    public static long Quantize(
        string model,
        string output,
        QuantFormat format,
        Action<long, long>? progress = null,
        CancellationToken cancellationToken = default,
        long maxShardBytes = StandardShardBytes)
    {
        ModelConfig config = ModelConfig.Load(model);
        if (format == QuantFormat.None)
        {
            throw new ModelException($"Nothing to quantise to; allowed: {string.Join(", ", QuantFormats.Names.Skip(1))}.");
        }

        if (config.Quantization is { } stored)
        {
            throw new ModelException($"{config.Source}: the model is quantised already ({stored.Method}); allowed: an unquantised model.");
        }

        using Checkpoint checkpoint = Checkpoint.Open(model);
        new Weights(config, checkpoint).Validate();
        List<QuantizedTensorWriter> tensors = [.. checkpoint.Tensors.OrderBy(t => t.Address).Select(t => new QuantizedTensorWriter(t, Target(config, format, t)))];
        long bytes = tensors.Sum(Bytes);
        List<string> companions = Companions(model);
        using OutputFolder folder = OutputFolder.Create(output, bytes + companions.Sum(f => new FileInfo(f).Length));
        try
        {
            WriteShards(folder.Path, ShardLayout.Split(tensors, Bytes, maxShardBytes), new Progress(tensors.Sum(t => t.SourceBytes), progress), cancellationToken);
            companions.ForEach(file => File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file))));
            File.WriteAllText(Path.Combine(folder.Path, "config.json"), QuantizedConfig.Of(File.ReadAllText(config.Source), format));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{output}: cannot be written: {e.Message}", e);
        }

        folder.Complete();
        return bytes;
    }

    // A tied lm_head is quantised when it is packed; a copy of the embedding that is stored under its name is not used.
    private static ElementType? Target(ModelConfig config, QuantFormat format, TensorView tensor) =>
        !WeightNames.IsUnused(tensor.Name, config) && tensor.Shape.Length == 2 && tensor.Name.EndsWith(".weight", StringComparison.Ordinal)
            ? QuantPolicy.TypeOf(format, LinearRoles.Of(WeightNames.Module(tensor.Name)))
            : null;

    private static long Bytes(QuantizedTensorWriter tensor) => tensor.Specs.Sum(s => s.ByteLength);

    private static void WriteShards(string folder, List<List<QuantizedTensorWriter>> shards, Progress progress, CancellationToken cancellationToken)
    {
        Dictionary<string, string> map = new(StringComparer.Ordinal);
        for (int i = 0; i < shards.Count; i++)
        {
            string name = ShardLayout.Name(i, shards.Count);
            TensorSpec[] specs = [.. shards[i].SelectMany(t => t.Specs)];
            using SafetensorsWriter writer = new(Path.Combine(folder, name), specs);
            ParallelOptions options = new() { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken };
            try
            {
                Parallel.ForEach(Partitioner.Create(Chunks(shards[i]), EnumerablePartitionerOptions.NoBuffering), options, chunk =>
                {
                    chunk.Tensor.Write(writer, chunk.First, chunk.Count);
                    progress.Add(chunk.Count * chunk.Tensor.RowBytes);
                });
            }
            catch (AggregateException e) when (e.InnerException is ModelException inner)
            {
                throw new ModelException(inner.Message, e);
            }

            writer.Complete();
            Array.ForEach(specs, spec => map.Add(spec.Name, name));
        }

        if (shards.Count > 1)
        {
            File.WriteAllText(Path.Combine(folder, CheckpointFiles.IndexName), RandomModelConfig.Index(map, shards.Sum(s => s.Sum(Bytes))));
        }
    }

    private static IEnumerable<(QuantizedTensorWriter Tensor, long First, int Count)> Chunks(List<QuantizedTensorWriter> tensors)
    {
        foreach (QuantizedTensorWriter tensor in tensors)
        {
            long rows = Math.Max(1, ChunkBytes / Math.Max(1, tensor.RowBytes));
            for (long first = 0; first < tensor.Rows; first += rows)
            {
                yield return (tensor, first, (int)Math.Min(rows, tensor.Rows - first));
            }
        }
    }

    // Tokenizer, templates, licence: whatever lies in the folder and holds no weights.
    private static List<string> Companions(string model) =>
    [
        .. Directory.EnumerateFiles(model).Where(file =>
        {
            string name = Path.GetFileName(file);
            return name != "config.json" && !name.StartsWith('.') && !name.EndsWith(".index.json", StringComparison.Ordinal) && !WeightEndings.Contains(Path.GetExtension(name));
        }),
    ];

    private sealed class Progress(long total, Action<long, long>? report)
    {
        private long done;

        public void Add(long bytes) => report?.Invoke(Interlocked.Add(ref done, bytes), total);
    }
}
