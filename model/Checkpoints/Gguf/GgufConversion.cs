using System.Collections.Concurrent;
using System.Text.Json;
using HunyuanOrleans.Gguf;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Checkpoints.Gguf;

/// <summary>Converts models between folders and GGUF files.</summary>
public static class GgufConversion
{
    // Values decoded in one unit of work.
    private const int ChunkValues = 1 << 20;

    private static readonly (string Name, GgufType Type)[] FileTypes =
        [("q8_0", GgufType.Q8_0), ("q4_0", GgufType.Q4_0), ("bf16", GgufType.BF16), ("f16", GgufType.F16), ("f32", GgufType.F32)];

    private static readonly (string Name, StoredType Type)[] FolderTypes = [("bf16", StoredType.BF16), ("f32", StoredType.F32)];

    /// <summary>The names of the types of matrices in files.</summary>
    public static IReadOnlyList<string> FileTypeNames { get; } = [.. FileTypes.Select(static t => t.Name)];

    /// <summary>The names of the types to which a folder's matrices are decoded.</summary>
    public static IReadOnlyList<string> FolderTypeNames { get; } = [.. FolderTypes.Select(static t => t.Name)];

    /// <summary>Whether a path is a GGUF file, or a folder of one.</summary>
    /// <exception cref="ModelException">The folder has several.</exception>
    public static bool IsGguf(string path) => GgufModel.Guard(path, () => GgufFiles.Find(path)) is not null;

    /// <summary>Writes a GGUF file that llama.cpp loads. It appears when it is complete.</summary>
    /// <param name="model">The folder of an unquantised model.</param>
    /// <param name="path">The file to write. It must not exist.</param>
    /// <param name="type">One of <see cref="FileTypeNames"/>: the type of projections and experts.</param>
    /// <param name="vocabulary">The tokenizer; null for a file without one.</param>
    /// <param name="progress">Called with written and total bytes; may be null.</param>
    /// <param name="cancellationToken">Stops the conversion.</param>
    /// <returns>Bytes of the file.</returns>
    /// <exception cref="ModelException">The model is invalid, llama.cpp lacks one of its features, or the file cannot be written.</exception>
    public static long ToFile(
        string model, string path, string type, GgufVocabulary? vocabulary, Action<long, long>? progress = null, CancellationToken cancellationToken = default)
    {
        if (File.Exists(path))
        {
            throw new ModelException($"{path}: the file exists; allowed: a new file.");
        }

        return GgufConverter.Write(model, path, Find(FileTypes, type), vocabulary, progress, cancellationToken);
    }

    /// <summary>Writes a model folder. Blocks are decoded; vectors and matrices of other types stay as they are.</summary>
    /// <param name="gguf">The GGUF file, or the first of several.</param>
    /// <param name="output">The folder to write, which must be empty or not exist.</param>
    /// <param name="type">One of <see cref="FolderTypeNames"/>: the type that blocks are decoded to.</param>
    /// <param name="addFiles">Adds further files to the folder, which is not complete yet.</param>
    /// <param name="progress">Called with written and total bytes; may be null.</param>
    /// <param name="cancellationToken">Stops the conversion.</param>
    /// <param name="maxShardBytes">Maximum number of bytes in a file. A tensor that is larger is a file by itself.</param>
    /// <returns>Bytes of the written tensors.</returns>
    /// <exception cref="ModelException">The file is damaged, or the folder cannot be written.</exception>
    public static long ToFolder(
        string gguf,
        string output,
        string type,
        Action<string> addFiles,
        Action<long, long>? progress = null,
        CancellationToken cancellationToken = default,
        long maxShardBytes = Quantization.Writing.ModelQuantizer.DefaultMaxShardBytes)
    {
        ArgumentNullException.ThrowIfNull(addFiles);
        StoredType decoded = Find(FolderTypes, type);
        GgufHeader header = GgufModel.Find(gguf) ?? throw new ModelException($"{gguf}: no GGUF file; allowed: a file that ends in .gguf, or a folder of one.");
        using Checkpoint checkpoint = Checkpoint.Open(gguf);
        ModelConfig config = GgufModel.Config(header, checkpoint.Tensors);
        new Weights(config, checkpoint).Validate();
        List<(TensorView View, TensorSpec Spec)> tensors =
        [
            .. checkpoint.Tensors.OrderBy(static t => t.Address)
                .Select(t => (t, new TensorSpec(t.Name, t.StoredType.HasBlocks() ? decoded : t.StoredType, t.Shape.ToArray()))),
        ];
        long bytes = tensors.Sum(static t => t.Spec.ByteLength);
        using OutputFolder folder = OutputFolder.Create(output, bytes);
        try
        {
            WriteShards(folder.Path, ShardLayout.Split(tensors, static t => t.Spec.ByteLength, maxShardBytes), bytes, progress, cancellationToken);
            string json = GgufModel.ConfigJson(header, checkpoint.Tensors).ToJsonString(new JsonSerializerOptions { WriteIndented = true });
            File.WriteAllText(Path.Combine(folder.Path, "config.json"), json + "\n");
            addFiles(folder.Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{output}: cannot be written: {e.Message}", e);
        }

        folder.Complete();
        return bytes;
    }

    private static T Find<T>((string Name, T Type)[] types, string name)
    {
        foreach ((string known, T type) in types)
        {
            if (known == name)
            {
                return type;
            }
        }

        throw new ModelException($"Type \"{name}\" is unknown; allowed: {string.Join(", ", types.Select(static t => t.Name))}.");
    }

    private static void WriteShards(
        string folder, List<List<(TensorView View, TensorSpec Spec)>> shards, long total, Action<long, long>? progress, CancellationToken cancellationToken)
    {
        Dictionary<string, string> map = new(StringComparer.Ordinal);
        long done = 0;
        for (int i = 0; i < shards.Count; i++)
        {
            string name = ShardLayout.FileName(i, shards.Count);
            using SafetensorsWriter writer = new(Path.Combine(folder, name), [.. shards[i].Select(static t => t.Spec)]);
            ParallelOptions options = new() { CancellationToken = cancellationToken };
            Run(() => Parallel.ForEach(Partitioner.Create(shards[i].SelectMany(Chunks), EnumerablePartitionerOptions.NoBuffering), options, chunk =>
            {
                byte[] part = Decode(chunk.View, chunk.Spec.Type, chunk.First, chunk.Count);
                writer.Write(chunk.Spec.Name, chunk.First * chunk.Spec.Type.Size(), part);
                progress?.Invoke(Interlocked.Add(ref done, part.Length), total);
            }));
            writer.Complete();
            shards[i].ForEach(tensor => map.Add(tensor.Spec.Name, name));
        }

        if (shards.Count > 1)
        {
            File.WriteAllText(Path.Combine(folder, CheckpointFiles.IndexName), ShardLayout.Index(map, total));
        }
    }

    private static void Run(Action work)
    {
        try
        {
            work();
        }
        catch (AggregateException e) when (e.InnerException is ModelException inner)
        {
            throw new ModelException(inner.Message, e);
        }
    }

    private static IEnumerable<(TensorView View, TensorSpec Spec, long First, int Count)> Chunks((TensorView View, TensorSpec Spec) tensor)
    {
        for (long first = 0; first < tensor.View.ElementCount; first += ChunkValues)
        {
            yield return (tensor.View, tensor.Spec, first, (int)Math.Min(ChunkValues, tensor.View.ElementCount - first));
        }
    }

    private static byte[] Decode(TensorView view, StoredType target, long first, int count)
    {
        (int values, int bytes) = view.StoredType.Block();
        ReadOnlySpan<byte> stored = view.Slice(first / values * bytes, count / values * bytes);
        if (!view.StoredType.HasBlocks())
        {
            return stored.ToArray();
        }

        float[] decoded = new float[count];
        GgufDecoder.Decode(view.StoredType, stored, decoded);
        byte[] part = new byte[(long)count * target.Size()];
        Conversion.FromSingles(decoded, target == StoredType.F32 ? ElementType.F32 : ElementType.BF16, part);
        return part;
    }
}
