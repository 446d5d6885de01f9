using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text.Json;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// Writes a model folder with random bfloat16 weights: config.json, generation_config.json and safetensors files. It has no tokenizer, so
/// it can be used only with token ids. The same options give the same bytes with any number of threads.
/// </summary>
public static class RandomModel
{
    private const int ChunkElements = 1 << 20;

    /// <summary>Creates the config for the options without writing any file.</summary>
    /// <exception cref="ModelException">An option is not allowed.</exception>
    public static ModelConfig Config(RandomModelOptions options)
    {
        using JsonDocument json = JsonDocument.Parse(RandomModelConfig.Config(options));
        return ModelConfig.Parse(json.RootElement, "the random model's config");
    }

    /// <summary>Writes the folder. After an error or cancellation no files remain.</summary>
    /// <param name="options">The shape of the model.</param>
    /// <param name="directory">The folder to write, which must be empty or not exist.</param>
    /// <param name="progress">Called with the bytes written so far and the total bytes, possibly from several threads at once.</param>
    /// <param name="cancellationToken">Checked every few MB.</param>
    /// <exception cref="ModelException">An option is not allowed, the folder is not empty, or the disk is full.</exception>
    public static void Write(
        RandomModelOptions options,
        string directory,
        Action<long, long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ModelConfig config = Config(options);
        config = config.PredictLayers > 0 ? config.WithMtp() : config;
        List<List<ExpectedTensor>> shards = ShardLayout.Split(CheckpointSchema.Tensors(config), Bytes, options.MaxShardBytes);
        long total = shards.Sum(shard => shard.Sum(Bytes));
        using OutputFolder folder = OutputFolder.Create(directory, total);
        var job = new Job(config, new RandomWeights(options.Seed), total, progress, cancellationToken);
        var shardByTensor = new Dictionary<string, string>(StringComparer.Ordinal);
        for (int i = 0; i < shards.Count; i++)
        {
            string name = ShardLayout.FileName(i, shards.Count);
            job.WriteShard(Path.Combine(folder.Path, name), shards[i]);
            shards[i].ForEach(tensor => shardByTensor.Add(tensor.Name, name));
        }

        if (shards.Count > 1)
        {
            File.WriteAllText(Path.Combine(folder.Path, CheckpointFiles.IndexName), ShardLayout.Index(shardByTensor, total));
        }

        File.WriteAllText(Path.Combine(folder.Path, "generation_config.json"), RandomModelConfig.Generation(options));
        File.WriteAllText(Path.Combine(folder.Path, "config.json"), RandomModelConfig.Config(options));
        folder.Complete();
    }

    private static long Bytes(ExpectedTensor tensor) => tensor.ElementCount * StoredType.BF16.Size();

    private sealed class Job(
        ModelConfig config, RandomWeights weights, long total, Action<long, long>? progress, CancellationToken cancellationToken)
    {
        private readonly ConcurrentDictionary<(float Mean, float Deviation), ushort[]> _tables = new();
        private long _done;

        public void WriteShard(string path, List<ExpectedTensor> tensors)
        {
            using var writer = new SafetensorsWriter(path, [.. tensors.Select(t => new TensorSpec(t.Name, StoredType.BF16, t.Shape))]);
            var options = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken };
            try
            {
                Parallel.ForEach(
                    Partitioner.Create(Chunks(tensors), EnumerablePartitionerOptions.NoBuffering),
                    options,
                    () => new ushort[ChunkElements],
                    (chunk, _, buffer) => WriteChunk(writer, chunk.Tensor, chunk.First, buffer),
                    _ => { });
            }
            catch (AggregateException e) when (e.InnerException is ModelException inner)
            {
                throw new ModelException(inner.Message, e);
            }

            writer.Complete();
        }

        private static IEnumerable<(ExpectedTensor Tensor, long First)> Chunks(List<ExpectedTensor> tensors)
        {
            foreach (ExpectedTensor tensor in tensors)
            {
                for (long first = 0; first < tensor.ElementCount; first += ChunkElements)
                {
                    yield return (tensor, first);
                }
            }
        }

        private ushort[] WriteChunk(SafetensorsWriter writer, ExpectedTensor tensor, long first, ushort[] buffer)
        {
            (float mean, float deviation) = RandomWeightDistribution.Of(tensor, config);
            ushort[] table = _tables.GetOrAdd((mean, deviation), scale => RandomWeights.Table(scale.Mean, scale.Deviation));
            Span<ushort> values = buffer.AsSpan(0, (int)Math.Min(buffer.Length, tensor.ElementCount - first));
            weights.Fill(tensor.Name, first, table, values);
            writer.Write(tensor.Name, first * sizeof(ushort), MemoryMarshal.AsBytes(values));
            progress?.Invoke(Interlocked.Add(ref _done, values.Length * sizeof(ushort)), total);
            return buffer;
        }
    }
}
