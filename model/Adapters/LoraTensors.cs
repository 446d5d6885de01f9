using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Checkpoints.PyTorch;

namespace HunyuanOrleans.Model.Adapters;

/// <summary>The mapped tensors of an adapter's folder: <c>adapter_model.safetensors</c>, or else <c>adapter_model.bin</c>, in which nothing is executed.</summary>
internal sealed class LoraTensors : IDisposable
{
    private const string SafetensorsName = "adapter_model.safetensors", PyTorchName = "adapter_model.bin";
    private readonly MappedFile _file;

    private LoraTensors(MappedFile file, List<TensorView> tensors)
    {
        _file = file;
        Tensors = tensors;
    }

    /// <summary>Path of the file.</summary>
    public string Source => _file.Path;

    /// <summary>All tensors of the file.</summary>
    public IReadOnlyList<TensorView> Tensors { get; }

    /// <summary>Maps the file of a folder.</summary>
    /// <exception cref="ModelException">There is no file, or it is damaged.</exception>
    public static LoraTensors Open(string directory)
    {
        string safetensors = Path.Combine(directory, SafetensorsName), pytorch = Path.Combine(directory, PyTorchName);
        bool isSafe = File.Exists(safetensors);
        if (!isSafe && !File.Exists(pytorch))
        {
            throw new ModelException($"{directory}: the adapter has no weights; allowed: {SafetensorsName} or {PyTorchName}.");
        }

        MappedFile file = MappedFile.Open(isSafe ? safetensors : pytorch);
        try
        {
            return new LoraTensors(file, isSafe ? SafetensorsHeader.Read(file) : [.. PyTorchFile.Read(file).Select(static tensor => tensor.View())]);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Unmaps the file.</summary>
    public void Dispose() => _file.Dispose();
}
