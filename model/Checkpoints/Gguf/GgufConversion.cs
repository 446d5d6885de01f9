using System.Text.Json;
using HunyuanOrleans.Gguf;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Checkpoints.Gguf;

/// <summary>Converts models between folders and GGUF files.</summary>
public static class GgufConversion
{
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
    /// <param name="progress">Called with the finished and the total source bytes, possibly from several threads at once; may be null.</param>
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
        long maxShardBytes = ShardWriter.DefaultMaxShardBytes)
    {
        ArgumentNullException.ThrowIfNull(addFiles);
        StoredType decoded = Find(FolderTypes, type);
        GgufHeader header = GgufModel.Find(gguf) ?? throw new ModelException($"{gguf}: no GGUF file; allowed: a file that ends in .gguf, or a folder of one.");
        using Checkpoint checkpoint = Checkpoint.Open(gguf);
        ModelConfig config = GgufModel.Config(header, checkpoint.Tensors);
        new Weights(config, checkpoint).Validate();
        List<DecodedTensor> tensors = [.. checkpoint.Tensors.OrderBy(static t => t.Address).Select(t => new DecodedTensor(t, decoded))];
        long bytes = ShardWriter.Bytes(tensors);
        using OutputFolder folder = OutputFolder.Create(output, bytes);
        try
        {
            ShardWriter.Write(folder.Path, tensors, maxShardBytes, progress, cancellationToken);
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
}
