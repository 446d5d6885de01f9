using System.Text.Json;
using System.Text.Json.Nodes;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Model.Tests.Checkpoints;
using HunyuanOrleans.TestSupport;

namespace HunyuanOrleans.Model.Tests.Quantization;

/// <summary>
/// Creates checkpoints of small models in the published AutoFP8 layout, with random scales that are different for every module.
/// </summary>
internal static class AutoFp8Checkpoint
{
    /// <summary>Writes a copy of a model.</summary>
    /// <param name="model">Folder of the original.</param>
    /// <param name="change">Changes the config's quantization_config and the tensors before they are written; may be null.</param>
    /// <param name="ignored">Modules that are not quantised, in addition to routers and lm_head.</param>
    public static TempFolder Write(string model, Action<JsonObject, List<TensorData>>? change = null, params string[] ignored)
    {
        Random random = new(8);
        List<TensorData> tensors = [];
        JsonArray left = ["lm_head", .. ignored.Select(i => (JsonNode)i)];
        foreach (TensorData tensor in CheckpointRewriter.Read(model))
        {
            string module = tensor.Name[..tensor.Name.LastIndexOf('.')];
            LinearRole role = LinearRoles.Of(module);
            if (module.EndsWith(".gate.wg", StringComparison.Ordinal))
            {
                left.Add(module);
            }

            if (role is not (LinearRole.Attention or LinearRole.Mlp) || !tensor.Name.EndsWith(".weight", StringComparison.Ordinal) || ignored.Contains(module))
            {
                tensors.Add(tensor);
                continue;
            }

            float[] values = new float[tensor.Bytes.Length / tensor.Type.Size()];
            Conversion.ToSingles(tensor.Bytes, tensor.Type.Element()!.Value, values);
            float scale = values.Max(MathF.Abs) / E4M3.Max * (1 + random.NextSingle());

            // Normed inputs are below about 4, so some of these scales clip them.
            float input = (1 + (3 * random.NextSingle())) / E4M3.Max;
            tensors.Add(tensor with { Type = StoredType.F8E4M3, Bytes = [.. values.Select(v => E4M3.FromSingle(v / scale))] });
            tensors.Add(Scalar(module + ".weight_scale", scale));
            tensors.Add(Scalar(module + ".input_scale", input));
            if (module.EndsWith(".k_proj", StringComparison.Ordinal))
            {
                string attention = module[..^"k_proj".Length];
                tensors.Add(Scalar(attention + "k_scale", 0.5f));
                tensors.Add(Scalar(attention + "v_scale", 0.25f));
            }
        }

        JsonObject config = JsonNode.Parse(File.ReadAllText(Path.Combine(model, "config.json")))!.AsObject();
        JsonObject quantization = new() { ["quant_method"] = "fp8", ["activation_scheme"] = "static", ["ignored_layers"] = left };
        config["quantization_config"] = quantization;
        change?.Invoke(quantization, tensors);
        TempFolder folder = new();
        File.WriteAllText(folder.File("config.json"), config.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
        CheckpointRewriter.Write(folder.Root, tensors);
        return folder;
    }

    /// <summary>Creates a tensor with one float32 value.</summary>
    public static TensorData Scalar(string name, float value) => new(name, StoredType.F32, [], BitConverter.GetBytes(value));
}
