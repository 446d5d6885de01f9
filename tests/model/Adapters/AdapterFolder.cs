using System.Text.Json.Nodes;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Tests.Checkpoints.PyTorch;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Adapters;

/// <summary>A copy of one of the published adapters, whose files a test changes.</summary>
internal sealed class AdapterFolder : IDisposable
{
    private readonly TempFolder _temp;
    private readonly GoldenAdapter _golden;

    public AdapterFolder(string name)
    {
        _golden = GoldenAdapter.Load(name);
        _temp = TempFolder.CopyOf(_golden.Folder);
    }

    public string Root => _temp.Root;

    public ModelConfig Model => ModelConfig.Load(_golden.ModelFolder);

    /// <summary>Changes adapter_config.json.</summary>
    public AdapterFolder Configure(Action<JsonObject> change)
    {
        JsonObject json = JsonNode.Parse(File.ReadAllText(_temp.File("adapter_config.json")))!.AsObject();
        change(json);
        File.WriteAllText(_temp.File("adapter_config.json"), json.ToJsonString());
        return this;
    }

    /// <summary>Rewrites the tensors, possibly renamed, cut or left out, as safetensors.</summary>
    public AdapterFolder Rewrite(Func<string, long[], (string Name, long[] Shape, StoredType Type)?> change)
    {
        List<(TensorSpec Spec, byte[] Bytes)> tensors = [];
        foreach ((string name, long[] shape, byte[] bytes) in Read())
        {
            if (change(name, shape) is { } kept)
            {
                TensorSpec spec = new(kept.Name, kept.Type, kept.Shape);
                tensors.Add((spec, [.. bytes.Concat(new byte[spec.ByteLength]).Take((int)spec.ByteLength)]));
            }
        }

        using SafetensorsWriter writer = new(_temp.File("adapter_model.safetensors"), [.. tensors.Select(static tensor => tensor.Spec)]);
        foreach ((TensorSpec spec, byte[] bytes) in tensors)
        {
            writer.Write(spec.Name, 0, bytes);
        }

        writer.Complete();
        return this;
    }

    /// <summary>Replaces the safetensors file by adapter_model.bin with the same float32 tensors.</summary>
    public AdapterFolder ToPyTorch()
    {
        File.WriteAllBytes(
            _temp.File("adapter_model.bin"),
            PyTorchBytes.OfTensors([.. Read().Select(static t => (t.Name, "FloatStorage", t.Shape.Select(static s => (int)s).ToArray(), new[] { (int)t.Shape[1], 1 }, 0, t.Bytes))]).Write());
        File.Delete(_temp.File("adapter_model.safetensors"));
        return this;
    }

    public void Refused(params string[] expected)
    {
        ModelException e = Assert.Throws<ModelException>(() => LoraFolder.Open(Root, Model).Dispose());
        Assert.Contains(Root, e.Message, StringComparison.Ordinal);
        Assert.All(expected, part => Assert.Contains(part, e.Message, StringComparison.Ordinal));
    }

    public void Dispose() => _temp.Dispose();

    private List<(string Name, long[] Shape, byte[] Bytes)> Read()
    {
        using MappedFile file = MappedFile.Open(_temp.File("adapter_model.safetensors"));
        return [.. SafetensorsHeader.Read(file).Select(static t => (t.Name, t.Shape.ToArray(), t.Slice(0, (int)t.ByteLength).ToArray()))];
    }
}
