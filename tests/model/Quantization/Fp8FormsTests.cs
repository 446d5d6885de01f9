using System.Text.Json;
using System.Text.Json.Nodes;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Model.Tests.Checkpoints;
using HunyuanOrleans.Model.Tests.Loading;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Quantization;

/// <summary>8-bit floats in the published forms: every code and scale arrives at the kernels as it is stored.</summary>
public sealed class Fp8FormsTests : IDisposable
{
    private const int Whole = int.MaxValue;

    private static readonly RandomModelOptions Shape = new()
    {
        Hidden = 192, Layers = 2, Heads = 4, KvHeads = 2, HeadDim = 48, Intermediate = 320, Experts = 3, TopK = 2, SharedExperts = 1, ClaFactor = 1, Vocab = 256, Tied = false,
    };

    private readonly TempFolder _model = new();

    public Fp8FormsTests() => RandomModel.Write(Shape, _model.File("model"));

    public static TheoryData<string, int, int, string> Forms => new()
    {
        { "per tensor", Whole, Whole, """{"quant_method": "fp8", "activation_scheme": "dynamic", "ignored_layers": ["lm_head"]}""" },
        { "per row", 1, Whole, """{"quant_method": "fp8", "activation_scheme": "dynamic"}""" },
        { "blocks, inverse", 128, 128, """{"quant_method": "fp8", "activation_scheme": "dynamic", "weight_block_size": [128, 128]}""" },
        { "tensor", Whole, Whole, Compressed("\"tensor\"") },
        { "channel", 1, Whole, Compressed("\"channel\"") },
        { "group", 1, 128, Compressed("\"group\", \"group_size\": 128") },
        { "block", 128, 128, Compressed("\"block\", \"block_structure\": [128, 128]") },
        { "modelopt channel", 1, Whole, """{"quant_method": "modelopt", "quant_algo": "FP8_PER_CHANNEL_PER_TOKEN", "exclude_modules": ["lm_head"]}""" },
        { "modelopt block of four dimensions", 128, 128, """{"quant_method": "modelopt", "quant_algo": "FP8_PB_WO"}""" },
        { "modelopt block", 128, 128, """{"quant_method": "modelopt", "quant_algo": "FP8_PB_WO"}""" },
    };

    public void Dispose() => _model.Dispose();

    [Theory]
    [MemberData(nameof(Forms))]
    public void Every_form_keeps_codes_and_scales(string name, int rows, int columns, string quantization)
    {
        Dictionary<string, float[]> values = [];
        using TempFolder folder = Write(quantization, rows, columns, name == "blocks, inverse" ? ".weight_scale_inv" : ".weight_scale", values, name.EndsWith("dimensions", StringComparison.Ordinal) ? WithSizesOfBlocks : null);
        Assert.Null(ModelInspection.Load(folder.Root).Problem);
        using Checkpoint checkpoint = Checkpoint.Open(folder.Root);
        Weights weights = new(ModelConfig.Load(folder.Root), checkpoint);
        foreach (RowSource source in new[] { weights.Query(0), weights.AttentionOutput(1), weights.ExpertDown(0, 2), weights.SharedGate(1) })
        {
            Assert.Equal(values[source.Name[..source.Name.LastIndexOf('.')]], StoredValues.Read(source));
        }

        using TempFolder plain = Write(null, rows, columns, "", [], null);
        double distance = Distance(LoadedLogits.Of(plain.Root, null, ComputeMode.F32), LoadedLogits.Of(folder.Root, null, ComputeMode.F32));

        // Inputs are rounded to 8-bit floats.
        Assert.InRange(distance, 1e-5, 0.3);
    }

    [Fact]
    public void A_file_beside_the_config_says_how_a_model_is_quantised()
    {
        using TempFolder folder = Write(null, Whole, Whole, ".weight_scale", [], static tensors =>
            tensors.AddRange(tensors.Where(static t => t.Name.EndsWith(".weight_scale", StringComparison.Ordinal))
                .Select(static t => AutoFp8Checkpoint.Scalar(t.Name.Replace(".weight_scale", ".input_scale", StringComparison.Ordinal), 0.01f)).ToArray()));
        File.WriteAllText(folder.File("hf_quant_config.json"), """
            {"producer": {"name": "modelopt"}, "quantization": {"quant_algo": "FP8", "kv_cache_quant_algo": "FP8", "exclude_modules": ["lm_head", "model.layers.*.mlp.gate*"]}}
            """);
        ModelConfig config = ModelConfig.Load(folder.Root);
        Assert.Equal("modelopt", config.QuantizationMethod);
        Assert.True(config.Quantization!.SchemeOf("model.layers.0.self_attn.q_proj")!.StaticInput);
        Assert.Null(ModelInspection.Load(folder.Root).Problem);
        Assert.DoesNotContain(LoadedLogits.Of(folder.Root, null).Logits.SelectMany(static row => row), float.IsNaN);

        // config.json counts before it.
        JsonObject json = JsonNode.Parse(File.ReadAllText(folder.File("config.json")))!.AsObject();
        json["quantization_config"] = JsonNode.Parse("""{"quant_method": "fp8", "activation_scheme": "static", "ignored_layers": ["lm_head"]}""");
        File.WriteAllText(folder.File("config.json"), json.ToJsonString());
        Assert.Equal("fp8", ModelConfig.Load(folder.Root).QuantizationMethod);
    }

    // As modelopt exports them: [rows of blocks, 1, columns of blocks, 1].
    private static void WithSizesOfBlocks(List<TensorData> tensors)
    {
        for (int i = 0; i < tensors.Count; i++)
        {
            if (tensors[i].Name.EndsWith(".weight_scale", StringComparison.Ordinal))
            {
                tensors[i] = tensors[i] with { Shape = [tensors[i].Shape[0], 1, tensors[i].Shape[1], 1] };
            }
        }
    }

    private static string Compressed(string strategy) => $$$"""
        {"quant_method": "compressed-tensors", "format": "float-quantized", "ignore": ["lm_head"], "config_groups": {"group_0": {"targets": ["Linear"],
         "weights": {"num_bits": 8, "type": "float", "strategy": {{{strategy}}}}, "input_activations": {"num_bits": 8, "type": "float", "strategy": "token", "dynamic": true} } } }
        """;

    // Without a quantisation and a name for scales, the values themselves are written in float32.
    private TempFolder Write(string? quantization, int rows, int columns, string scaleName, Dictionary<string, float[]> values, Action<List<TensorData>>? change)
    {
        List<TensorData> tensors = [];
        foreach (TensorData tensor in CheckpointRewriter.Read(_model.File("model")))
        {
            string module = tensor.Name[..tensor.Name.LastIndexOf('.')];
            if (LinearRoles.Of(module) is not (LinearRole.Attention or LinearRole.Mlp))
            {
                tensors.Add(tensor);
                continue;
            }

            (byte[] codes, float[] scales, long[] shape) = Quantize(tensor, rows, columns, values[module] = new float[tensor.Shape[0] * tensor.Shape[1]]);
            if (scaleName.Length == 0)
            {
                tensors.Add(tensor with { Type = StoredType.F32, Bytes = [.. values[module].SelectMany(BitConverter.GetBytes)] });
                continue;
            }

            tensors.Add(tensor with { Type = StoredType.F8E4M3, Bytes = codes });
            tensors.Add(new TensorData(module + scaleName, StoredType.F32, shape, [.. scales.SelectMany(BitConverter.GetBytes)]));
        }

        change?.Invoke(tensors);
        JsonObject config = JsonNode.Parse(File.ReadAllText(_model.File("model/config.json")))!.AsObject();
        if (quantization is not null)
        {
            config["quantization_config"] = JsonNode.Parse(quantization);
        }

        TempFolder folder = new();
        File.WriteAllText(folder.File("config.json"), config.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
        CheckpointRewriter.Write(folder.Root, tensors);
        return folder;
    }

    private static (byte[] Codes, float[] Scales, long[] Shape) Quantize(TensorData tensor, int rows, int columns, float[] values)
    {
        int height = (int)tensor.Shape[0], width = (int)tensor.Shape[1];
        float[] original = new float[height * width];
        Conversion.ToSingles(tensor.Bytes, tensor.Type.Element()!.Value, original);
        (int blockRows, int blockColumns) = (Math.Min(rows, height), Math.Min(columns, width));
        int down = (height + blockRows - 1) / blockRows, across = (width + blockColumns - 1) / blockColumns;
        float[] scales = new float[down * across];
        for (int i = 0; i < original.Length; i++)
        {
            ref float scale = ref scales[(i / width / blockRows * across) + (i % width / blockColumns)];
            scale = MathF.Max(scale, MathF.Abs(original[i]) / 448);
        }

        byte[] codes = new byte[original.Length];
        for (int i = 0; i < original.Length; i++)
        {
            float scale = scales[(i / width / blockRows * across) + (i % width / blockColumns)];
            codes[i] = E4M3.FromSingle(original[i] / scale);
            values[i] = E4M3.ToSingle(codes[i]) * scale;
        }

        return (codes, scales, rows == Whole ? [] : [down, across]);
    }

    private static double Distance(LoadedLogits a, LoadedLogits b)
    {
        double[] rows = [.. a.Logits.Zip(b.Logits, static (x, y) => x.Zip(y, static (p, q) => (double)Math.Abs(p - q)).Average()).Order()];
        return rows[rows.Length / 2];
    }
}
