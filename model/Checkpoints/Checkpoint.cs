using HunyuanOrleans.Gguf;
using HunyuanOrleans.Model.Checkpoints.Gguf;
using HunyuanOrleans.Model.Checkpoints.PyTorch;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// The files of a checkpoint, mapped into memory: one <c>model.safetensors</c>, or the shards that <c>model.safetensors.index.json</c> lists;
/// <c>pytorch_model.bin</c> in the same way; or GGUF files. It does not know which tensors a model needs (see <see cref="Weights"/>). Any number of
/// threads may read it. Dispose it only when no <see cref="TensorView"/> is in use.
/// </summary>
public sealed class Checkpoint : IDisposable
{
    // The directory of such a file is at its end. Its length and its time tell files apart, too.
    private const long PyTorchHeaderBytes = 4096;

    private readonly List<MappedFile> _files;
    private readonly Dictionary<string, TensorView> _tensors;

    private Checkpoint(string source, List<MappedFile> files, Dictionary<string, TensorView> tensors)
    {
        Source = source;
        _files = files;
        _tensors = tensors;
    }

    /// <summary>The file that lists the tensors: the single file, or the index of the shards.</summary>
    public string Source { get; }

    /// <summary>Paths of the mapped files.</summary>
    public IReadOnlyList<string> Files => [.. _files.Select(f => f.Path)];

    /// <summary>Size of all mapped files in bytes, including headers.</summary>
    public long FileBytes => _files.Sum(f => f.Length);

    /// <summary>All stored tensors.</summary>
    public IReadOnlyCollection<TensorView> Tensors => _tensors.Values;

    /// <summary>The mapped files, ordered by name.</summary>
    internal IReadOnlyList<MappedFile> MappedFiles => _files;

    /// <summary>Finds a tensor by name. Returns false if the checkpoint does not contain it.</summary>
    public bool TryGet(string name, out TensorView tensor) => _tensors.TryGetValue(name, out tensor!);

    /// <summary>Maps the checkpoint of a model folder and checks every header.</summary>
    /// <param name="directory">The folder, or a GGUF file.</param>
    /// <exception cref="ModelException">
    /// A file or shard is missing, truncated or damaged, or the index does not match the shards. The message names file and tensor.
    /// No file stays mapped.
    /// </exception>
    public static Checkpoint Open(string directory)
    {
        CheckpointFiles found = CheckpointFiles.Find(directory);
        var files = new List<MappedFile>(found.Shards.Count);
        try
        {
            var tensors = new Dictionary<string, TensorView>(StringComparer.Ordinal);
            foreach (string path in found.Shards)
            {
                MappedFile file = MappedFile.Open(path);
                files.Add(file);
                foreach (TensorView tensor in ReadTensors(found.Format, file))
                {
                    if (!tensors.TryAdd(tensor.Name, tensor))
                    {
                        throw new ModelException(
                            $"{path}: tensor \"{tensor.Name}\" is also stored in {tensors[tensor.Name].File}; allowed: each tensor once.");
                    }
                }
            }

            found.CheckIndex(tensors);
            return new Checkpoint(found.Source, files, tensors);
        }
        catch
        {
            files.ForEach(f => f.Dispose());
            throw;
        }
    }

    private static IEnumerable<TensorView> ReadTensors(CheckpointFormat format, MappedFile file)
    {
        switch (format)
        {
            case CheckpointFormat.Gguf:
                GgufHeader header = GgufModel.Guard(file.Path, () => GgufHeader.Read(file.Path));
                file.HeaderBytes = Math.Min(header.DataOffset, file.Length);
                return GgufTensors.Views(header, file);
            case CheckpointFormat.PyTorch:
                file.HeaderBytes = Math.Min(PyTorchHeaderBytes, file.Length);
                return PyTorchFile.Read(file).Select(static tensor => tensor.View());
            default:
                return SafetensorsHeader.Read(file);
        }
    }

    /// <summary>Unmaps the files. All addresses and spans of their tensors become invalid.</summary>
    public void Dispose() => _files.ForEach(f => f.Dispose());
}
