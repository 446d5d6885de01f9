using System.Text.Json.Nodes;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Checkpoints.Gguf;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Model.Tests.Checkpoints;
using HunyuanOrleans.Model.Tests.Quantization;
using HunyuanOrleans.TestSupport;

namespace HunyuanOrleans.Train.Tests;

/// <summary>Small models in every form that the engine serves, and the engine's logits of them.</summary>
internal static class QuantizedBase
{
    /// <summary>Names of forms in which a checkpoint is stored.</summary>
    public static IReadOnlyList<string> StoredForms { get; } =
    [
        "gptq 4 bits", "gptq 4 bits, zero points", "gptq 8 bits", "gptq 8 bits, zero points", "awq", "compressed-tensors 4 bits", "compressed-tensors 8 bits",
        "fp8, fixed input scales", "fp8, blocks", "gguf q4_0", "gguf q8_0",
    ];

    /// <summary>Whether <see cref="Write"/> also writes the values of a form.</summary>
    public static bool HasValues(string form) => !form.StartsWith("gguf", StringComparison.Ordinal) && !form.StartsWith("fp8", StringComparison.Ordinal);

    /// <summary>Writes a model in a stored form.</summary>
    /// <returns>The model, and a folder with the same values in float32; null where there is none.</returns>
    public static (TempFolder Folder, TempFolder? Values) Write(string form, string model)
    {
        if (form.StartsWith("gguf ", StringComparison.Ordinal))
        {
            TempFolder folder = new();
            GgufConversion.ToFile(model, folder.File("model.gguf"), form["gguf ".Length..], null);
            return (folder, null);
        }

        if (form.StartsWith("fp8", StringComparison.Ordinal))
        {
            return (form == "fp8, blocks" ? WriteBlocks(model) : AutoFp8Checkpoint.Write(model), null);
        }

        int bits = form.Contains('8') ? 8 : 4;
        bool symmetric = form != "awq" && !form.Contains("zero", StringComparison.Ordinal);
        int group = form.StartsWith("compressed", StringComparison.Ordinal) && bits == 8 ? 0 : 32;
        QuantizedCopy copy = QuantizedCopy.Integers(model, bits, group, symmetric);
        string flag = symmetric ? "true" : "false";
        TempFolder written = form.Split(' ')[0] switch
        {
            "gptq" => copy.Write(
                $$"""{"quant_method": "gptq", "bits": {{bits}}, "group_size": {{group}}, "sym": {{flag}}, "desc_act": false, "checkpoint_format": "gptq"}""",
                static (n, m) => PublishedForms.Gptq(n, m)),
            "awq" => copy.Write($$"""{"quant_method": "awq", "bits": 4, "group_size": {{group}}, "zero_point": true, "version": "gemm"}""", PublishedForms.Awq),
            _ => copy.Write(
                PublishedForms.CompressedConfig("pack-quantized", copy.Matrices.Values.First(), symmetric, group == 0),
                (n, m) => PublishedForms.Packed(n, m, !symmetric)),
        };
        return (written, copy.WriteValues());
    }

    // The same codes, with a scale for each block of 128 x 128 instead of one for each module, and of the input of each token.
    private static TempFolder WriteBlocks(string model)
    {
        const int Block = 128;
        return AutoFp8Checkpoint.Write(model, static (config, tensors) =>
        {
            config["activation_scheme"] = "dynamic";
            config["weight_block_size"] = new JsonArray(Block, Block);
            tensors.RemoveAll(static t => t.Name.EndsWith(".input_scale", StringComparison.Ordinal));
            foreach (TensorData scale in tensors.Where(static t => t.Name.EndsWith(".weight_scale", StringComparison.Ordinal)).ToArray())
            {
                TensorData weight = tensors.Single(t => t.Name + "_scale" == scale.Name);
                long down = (weight.Shape[0] + Block - 1) / Block, across = (weight.Shape[1] + Block - 1) / Block;
                float value = BitConverter.ToSingle(scale.Bytes);
                tensors.Remove(scale);
                tensors.Add(new TensorData(
                    scale.Name + "_inv", StoredType.F32, [down, across],
                    [.. Enumerable.Range(0, (int)(down * across)).SelectMany(i => BitConverter.GetBytes(value * (1 + (i * 0.125f))))]));
            }
        });
    }

    /// <summary>What the model is loaded from: the GGUF file in the folder, or the folder.</summary>
    public static string ModelPath(TempFolder folder) => File.Exists(folder.File("model.gguf")) ? folder.File("model.gguf") : folder.Root;

    /// <summary>The engine's logits of every position, [tokens, vocabulary].</summary>
    public static float[] EngineLogits(string folder, ComputeMode mode, QuantFormat? quant, int[] ids)
    {
        using ModelRunner model = ModelRunner.Load(folder, new ModelOptions
        {
            Mode = mode, Quant = quant, Threads = 2, PinThreads = false, KvTokens = 256, MaxBatchTokens = 256, MaxLogitRows = 256,
        });
        AttentionBatch batch = model.CreateBatch();
        batch.Add(new AttentionSlice(0, ids.Length, 0, Enumerable.Range(0, model.Cache.Blocks).ToArray()));
        StepLogits logits = model.Forward(ids, batch, [.. Enumerable.Range(0, ids.Length)], ids.Length);
        return [.. Enumerable.Range(0, ids.Length).SelectMany(row => logits.Row(row).ToArray())];
    }
}
