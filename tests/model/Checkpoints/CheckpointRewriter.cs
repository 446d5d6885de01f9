using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.TestSupport;

namespace HunyuanOrleans.Model.Tests.Checkpoints;

/// <summary>A tensor with its data in memory.</summary>
internal sealed record TensorData(string Name, StoredType Type, long[] Shape, byte[] Bytes);

/// <summary>Copies small model folders to one safetensors file with changed tensors.</summary>
internal static class CheckpointRewriter
{
    public static List<TensorData> Read(string folder)
    {
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        return
        [
            .. checkpoint.Tensors.Select(
                t => new TensorData(t.Name, t.StoredType, t.Shape.ToArray(), t.Slice(0, (int)t.ByteLength).ToArray())),
        ];
    }

    public static void Write(string folder, IReadOnlyList<TensorData> tensors)
    {
        using var writer = new SafetensorsWriter(
            Path.Combine(folder, "model.safetensors"), [.. tensors.Select(t => new TensorSpec(t.Name, t.Type, t.Shape))]);
        foreach (TensorData tensor in tensors)
        {
            writer.Write(tensor.Name, 0, tensor.Bytes);
        }

        writer.Complete();
    }

    /// <summary>Creates a copy of a model folder after <paramref name="change"/> has changed its tensors.</summary>
    public static TempFolder Copy(string model, Action<List<TensorData>> change)
    {
        List<TensorData> tensors = Read(model);
        change(tensors);
        var copy = new TempFolder();
        File.Copy(Path.Combine(model, "config.json"), copy.File("config.json"));
        Write(copy.Root, tensors);
        return copy;
    }
}
