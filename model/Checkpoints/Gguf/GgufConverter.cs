using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Checkpoints.Gguf;

/// <summary>Converts a model folder to a GGUF file that llama.cpp loads.</summary>
internal static class GgufConverter
{
    /// <summary>Converts a model, unless the file exists and is newer than every file of the model.</summary>
    /// <param name="directory">The model folder, not quantised.</param>
    /// <param name="path">The file to write.</param>
    /// <param name="matrices">The type of the projections and experts.</param>
    /// <returns>Whether the file was written.</returns>
    /// <exception cref="ModelException">The model is invalid, or llama.cpp lacks one of its features.</exception>
    public static bool Convert(string directory, string path, GgufType matrices)
    {
        if (File.Exists(path) && Directory.EnumerateFiles(directory).All(file => File.GetLastWriteTimeUtc(file) < File.GetLastWriteTimeUtc(path)))
        {
            return false;
        }

        Write(directory, path, matrices, null, null, CancellationToken.None);
        return true;
    }

    /// <summary>Converts a model.</summary>
    /// <param name="directory">The model folder, not quantised.</param>
    /// <param name="path">The file to write, whose folder exists or is made.</param>
    /// <param name="matrices">The type of the projections and experts.</param>
    /// <param name="vocabulary">The tokenizer; null for none.</param>
    /// <param name="progress">Called with the written and the total bytes; may be null.</param>
    /// <param name="cancellationToken">Checked every 16 MB.</param>
    /// <returns>Bytes of the file.</returns>
    public static long Write(
        string directory, string path, GgufType matrices, GgufVocabulary? vocabulary, Action<long, long>? progress, CancellationToken cancellationToken)
    {
        ModelConfig config = ModelConfig.Load(directory);
        HunyuanLayout.RequireSupported(config);
        using Checkpoint checkpoint = Checkpoint.Open(directory);
        Weights weights = new(config, checkpoint);
        weights.Validate();
        List<GgufTensor> tensors = HunyuanLayout.Tensors(weights, matrices, HeadType(matrices), EmbeddingType(matrices));
        string partial = path + ".part";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            using (FileStream stream = File.Create(partial))
            {
                GgufWriter.Write(stream, HunyuanLayout.Metadata(config, vocabulary), tensors, progress, cancellationToken);
            }

            File.Move(partial, path, overwrite: true);
            return new FileInfo(path).Length;
        }
        catch (Exception e)
        {
            if (File.Exists(partial))
            {
                File.Delete(partial);
            }

            if (e is IOException or UnauthorizedAccessException)
            {
                throw new ModelException($"{path}: cannot be written: {e.Message}", e);
            }

            throw;
        }
    }

    // As in int4-all, which lm_head has 8 bits in.
    private static GgufType HeadType(GgufType matrices) => matrices == GgufType.Q4_0 ? GgufType.Q8_0 : matrices;

    // Only rows of tokens are read from it, and ours are never quantised.
    private static GgufType EmbeddingType(GgufType matrices) => matrices is GgufType.Q4_0 or GgufType.Q8_0 ? GgufType.BF16 : matrices;
}
