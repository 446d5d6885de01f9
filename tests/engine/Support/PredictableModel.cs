using System.Buffers.Binary;
using System.Text.Json;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.TestSupport;

namespace HunyuanOrleans.Engine.Tests.Support;

/// <summary>
/// A tiny random model of type hy_v3 whose MTP layer is often right: lm_head is the embedding with its rows shifted by one, so that a token is most often
/// followed by the next id, and eh_proj passes the embedding on. What the layers add makes model and MTP layer differ at times.
/// </summary>
internal static class PredictableModel
{
    /// <summary>Writes the model to a new folder.</summary>
    public static TempFolder Create(int vocabulary = 256)
    {
        TempFolder folder = new();
        string model = folder.File("model");
        RandomModel.Write(
            new RandomModelOptions
            {
                ModelType = "hy_v3", Layers = 3, Hidden = 64, Heads = 4, KvHeads = 2, HeadDim = 16, Intermediate = 32, DenseLayers = 1, DenseIntermediate = 64,
                Experts = 8, TopK = 2, Vocab = vocabulary, ClaFactor = 1, Tied = false, MaxPositions = 1024, PredictLayers = 1, Seed = 3,
            },
            model);
        string path = Path.Combine(model, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(path);
        int header = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        using JsonDocument json = JsonDocument.Parse(bytes.AsMemory(8, header));
        Span<byte> embedding = Tensor("model.embed_tokens.weight"), head = Tensor("lm_head.weight"), joining = Tensor("model.layers.3.eh_proj.weight");
        int row = embedding.Length / vocabulary;
        embedding[..^row].CopyTo(head[row..]);
        embedding[^row..].CopyTo(head);
        joining.Clear();
        for (int i = 0; i < 64; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(joining[(((i * 128) + i) * 2)..], 0x3F80); // 1 in bfloat16
        }

        File.WriteAllBytes(path, bytes);
        return folder;

        Span<byte> Tensor(string name)
        {
            JsonElement offsets = json.RootElement.GetProperty(name).GetProperty("data_offsets");
            return bytes.AsSpan(8 + header + offsets[0].GetInt32(), offsets[1].GetInt32() - offsets[0].GetInt32());
        }
    }
}
