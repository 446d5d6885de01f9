using System.Collections.Concurrent;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>Writes the safetensors files of a copied model on all cores, in small chunks, so that memory use does not depend on the size of the model.</summary>
internal static class ShardWriter
{
    /// <summary>Most bytes of a file unless a caller says otherwise.</summary>
    public const long DefaultMaxShardBytes = 5_000_000_000;

    // Bytes read or written in one unit of work, whichever are more: small compared to the model, large compared to the cost of scheduling a unit.
    private const long ChunkBytes = 4 << 20;

    /// <summary>Bytes of all tensors to write.</summary>
    public static long Bytes(IEnumerable<IShardTensor> tensors) => tensors.Sum(Bytes);

    /// <summary>Writes the files, and an index if there are several.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="tensors">The tensors, in the order of the files.</param>
    /// <param name="maxShardBytes">Most data bytes of a file. A larger tensor is a file by itself.</param>
    /// <param name="progress">Called with the finished and the total source bytes, possibly from several threads at once.</param>
    /// <param name="cancellationToken">Checked every few MB.</param>
    /// <exception cref="ModelException">A value does not fit its type, or a file cannot be written.</exception>
    public static void Write(
        string folder, IReadOnlyList<IShardTensor> tensors, long maxShardBytes, Action<long, long>? progress, CancellationToken cancellationToken)
    {
        List<List<IShardTensor>> shards = ShardLayout.Split(tensors, Bytes, maxShardBytes);
        Dictionary<string, string> map = new(StringComparer.Ordinal);
        long done = 0, total = tensors.Sum(static tensor => tensor.Rows * tensor.RowBytes);
        ParallelOptions options = new() { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken };
        for (int i = 0; i < shards.Count; i++)
        {
            string name = ShardLayout.FileName(i, shards.Count);
            TensorSpec[] specs = [.. shards[i].SelectMany(static tensor => tensor.Specs)];
            using SafetensorsWriter writer = new(Path.Combine(folder, name), specs);
            try
            {
                Parallel.ForEach(Partitioner.Create(Chunks(shards[i]), EnumerablePartitionerOptions.NoBuffering), options, chunk =>
                {
                    chunk.Tensor.Write(writer, chunk.First, chunk.Count);
                    progress?.Invoke(Interlocked.Add(ref done, chunk.Count * chunk.Tensor.RowBytes), total);
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
            File.WriteAllText(Path.Combine(folder, CheckpointFiles.IndexName), ShardLayout.Index(map, Bytes(tensors)));
        }
    }

    private static long Bytes(IShardTensor tensor) => tensor.Specs.Sum(static spec => spec.ByteLength);

    private static IEnumerable<(IShardTensor Tensor, long First, int Count)> Chunks(List<IShardTensor> tensors)
    {
        foreach (IShardTensor tensor in tensors)
        {
            long written = Bytes(tensor) / Math.Max(1, tensor.Rows);
            long rows = Math.Max(1, ChunkBytes / Math.Max(1, Math.Max(tensor.RowBytes, written)));
            for (long first = 0; first < tensor.Rows; first += rows)
            {
                yield return (tensor, first, (int)Math.Min(rows, tensor.Rows - first));
            }
        }
    }
}
