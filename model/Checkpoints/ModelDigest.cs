using System.Security.Cryptography;
using HunyuanOrleans.Gguf;
using HunyuanOrleans.Model.Checkpoints.Gguf;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// Digests of a model folder, one for each thing that must be the same in two processes for them to compute the same model. It does not know text: the
/// digests of tokenizer and template are computed elsewhere.
/// </summary>
/// <param name="Config">SHA-256 of config.json in lower-case hexadecimal digits, as all digests here.</param>
/// <param name="GenerationConfig">SHA-256 of generation_config.json; <see cref="None"/> if the folder has none.</param>
/// <param name="Weights">See <see cref="WeightDigest"/>; <see cref="None"/> if the folder has no weights; null if they were not asked for.</param>
/// <param name="PulledFiles">SHA-256 of the list of whole-file digests that <c>hunyuan pull</c> left; null if it left none for the weights.</param>
public sealed record ModelDigest(string Config, string GenerationConfig, string? Weights, string? PulledFiles)
{
    /// <summary>Stands for the digest of a file that does not exist.</summary>
    public const string None = "none";

    /// <summary>Computes the digests of a model folder.</summary>
    /// <param name="directory">The folder. It needs a config.json and nothing else.</param>
    /// <param name="weights">Whether to read weights.</param>
    /// <exception cref="ModelException">A file cannot be read, or the checkpoint is damaged.</exception>
    public static ModelDigest Of(string directory, bool weights)
    {
        string generation = Path.Combine(directory, "generation_config.json");
        bool hasWeights = weights && CheckpointFiles.Exist(directory);
        if (GgufModel.Find(directory) is { } header)
        {
            return new ModelDigest(OfHeader(header), None, hasWeights ? WeightDigest.Of(directory) : null, null);
        }

        return new ModelDigest(
            OfFile(Path.Combine(directory, "config.json")),
            File.Exists(generation) ? OfFile(generation) : None,
            hasWeights ? WeightDigest.Of(directory) : weights ? None : null,
            hasWeights ? FileSums.DigestOfWeights(directory) : null);
    }

    private static string OfHeader(GgufHeader header) => GgufModel.Guard(header.Path, () =>
    {
        using FileStream file = File.OpenRead(header.Path);
        byte[] bytes = new byte[Math.Min(header.DataOffset, file.Length)];
        file.ReadExactly(bytes);
        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    });

    private static string OfFile(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return Convert.ToHexStringLower(SHA256.HashData(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{path}: cannot be read: {e.Message}", e);
        }
    }
}
