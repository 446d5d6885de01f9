using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>One file of a checkpoint.</summary>
/// <param name="Name">File name.</param>
/// <param name="Bytes">Size in bytes.</param>
public sealed record InspectedFile(string Name, long Bytes);

/// <summary>Describes a model folder from its config and the headers of its files, without reading tensor data.</summary>
/// <param name="Config">The config.</param>
/// <param name="Generation">Sampling defaults.</param>
/// <param name="Parameters">Number of weights according to the config, in total and used per token.</param>
/// <param name="KvBytesPerToken">Bytes of keys and values per position over all layers, for each format.</param>
/// <param name="Tensors">Number of stored tensors; 0 if the folder has no weights.</param>
/// <param name="StoredElements">Number of elements in all stored tensors.</param>
/// <param name="BytesByType">Stored bytes by element type, largest first.</param>
/// <param name="Files">The checkpoint's files.</param>
/// <param name="Problem">Why the weights cannot be loaded; null if they can.</param>
public sealed record ModelInspection(
    ModelConfig Config,
    GenerationDefaults Generation,
    ParameterCount Parameters,
    IReadOnlyDictionary<KvFormat, long> KvBytesPerToken,
    int Tensors,
    long StoredElements,
    IReadOnlyList<KeyValuePair<StoredType, long>> BytesByType,
    IReadOnlyList<InspectedFile> Files,
    string? Problem)
{
    /// <summary>Inspects a folder. If it has a config but no weights, only the config is described.</summary>
    /// <exception cref="ModelException">The config is invalid, or a file of the checkpoint is damaged or missing.</exception>
    /// <param name="directory">The folder, or a GGUF file.</param>
    /// <param name="context">The longest context in tokens; null for that of the config.</param>
    public static ModelInspection Load(string directory, int? context = null)
    {
        ModelConfig config = ModelConfig.Load(directory).WithContext(context);
        var bare = new ModelInspection(
            config,
            GenerationDefaults.Load(directory),
            config.ParameterCount,
            Enum.GetValues<KvFormat>().ToDictionary(static format => format, format => format.PositionBytes(config)),
            0,
            0,
            [],
            [],
            "The folder holds no weights.");
        if (!CheckpointFiles.Exist(directory))
        {
            return bare;
        }

        using Checkpoint checkpoint = Checkpoint.Open(directory);
        return bare with
        {
            Tensors = checkpoint.Tensors.Count,
            StoredElements = checkpoint.Tensors.Sum(t => t.ElementCount),
            BytesByType =
            [
                .. checkpoint.Tensors.GroupBy(t => t.StoredType)
                    .Select(g => KeyValuePair.Create(g.Key, g.Sum(t => t.ByteLength)))
                    .OrderByDescending(g => g.Value),
            ],
            Files = [.. checkpoint.Files.Select(f => new InspectedFile(Path.GetFileName(f), new FileInfo(f).Length))],
            Problem = FindProblem(config, checkpoint),
        };
    }

    private static string? FindProblem(ModelConfig config, Checkpoint checkpoint)
    {
        try
        {
            new Weights(config, checkpoint).Validate();
            return null;
        }
        catch (ModelException e)
        {
            return e.Message;
        }
    }
}
