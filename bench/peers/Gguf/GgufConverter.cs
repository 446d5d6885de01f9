using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Bench.Peers.Gguf;

/// <summary>Converts a model folder to a GGUF file that llama.cpp loads.</summary>
internal static class GgufConverter
{
    /// <summary>Converts a model, unless the file exists and is newer than every file of the model.</summary>
    /// <param name="directory">The model folder: Hunyuan with experts, not quantised.</param>
    /// <param name="path">The file to write.</param>
    /// <param name="matrices">The type of the projections and experts.</param>
    /// <returns>Whether the file was written.</returns>
    /// <exception cref="ModelException">The model is invalid, or llama.cpp lacks one of its features.</exception>
    public static bool Convert(string directory, string path, GgufType matrices)
    {
        ModelConfig config = ModelConfig.Load(directory);
        HunyuanMoeLayout.RequireSupported(config);
        if (File.Exists(path) && Directory.EnumerateFiles(directory).All(file => File.GetLastWriteTimeUtc(file) < File.GetLastWriteTimeUtc(path)))
        {
            return false;
        }

        using Checkpoint checkpoint = Checkpoint.Open(directory);
        Weights weights = new(config, checkpoint);
        weights.Validate();
        List<GgufTensor> tensors = HunyuanMoeLayout.Tensors(weights, matrices, HeadType(matrices), EmbeddingType(matrices));
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        string partial = path + ".part";
        using (FileStream stream = File.Create(partial))
        {
            GgufWriter.Write(stream, HunyuanMoeLayout.Metadata(config), tensors);
        }

        File.Move(partial, path, overwrite: true);
        return true;
    }

    // As in int4-all, which lm_head has 8 bits in.
    private static GgufType HeadType(GgufType matrices) => matrices == GgufType.Q4_0 ? GgufType.Q8_0 : matrices;

    // Only rows of tokens are read from it, and ours are never quantised.
    private static GgufType EmbeddingType(GgufType matrices) => matrices is GgufType.Q4_0 or GgufType.Q8_0 ? GgufType.BF16 : matrices;
}
