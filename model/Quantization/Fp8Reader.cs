using System.Text.Json;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Quantization;

/// <summary>Reads a quantization_config with quant_method fp8: 8-bit floats with a scale for each tensor, row, or block of 128 rows and columns.</summary>
internal static class Fp8Reader
{
    private const string IgnoredLayers = "ignored_layers";
    private const string NotConverted = "modules_to_not_convert";

    public static QuantizationConfig Read(in JsonFields fields, string source, IReadOnlyCollection<string> plain)
    {
        bool staticInput = fields.Text("activation_scheme") switch
        {
            "static" => true,
            "dynamic" => false,
            null => throw fields.Missing("activation_scheme", "\"static\" or \"dynamic\""),
            string other => throw fields.Invalid("activation_scheme", $"\"{other}\"", "\"static\" or \"dynamic\""),
        };
        if (fields.Text("fmt") is { } format && format is not ("e4m3" or "e4m3fn"))
        {
            throw fields.Invalid("fmt", $"\"{format}\"", "\"e4m3\" or absent");
        }

        bool blocks = ReadBlocks(fields, "weight_block_size");
        if (blocks && staticInput)
        {
            throw fields.Invalid("activation_scheme", "\"static\"", "\"dynamic\" with a weight_block_size");
        }

        string field = !fields.Has(IgnoredLayers) && fields.Has(NotConverted) ? NotConverted : IgnoredLayers;
        ModuleMatcher ignored = QuantizationReader.Matcher(
            QuantizationReader.Texts(fields, field, source, QuantizationReader.Prefix) ?? [], source, QuantizationReader.Prefix + field);
        WeightScheme scheme = blocks
            ? new WeightScheme(ElementType.F8E4M3Block, ScaleGranularity.Block, StaticInput: false)
            : new WeightScheme(ElementType.F8E4M3, ScaleGranularity.Tensor, staticInput);
        return QuantizationReader.OneScheme(QuantizationReader.AutoFp8, QuantizationReader.Prefix + field, ignored, scheme, plain);
    }

    /// <summary>Reads the size of blocks. Returns whether the field is there.</summary>
    public static bool ReadBlocks(in JsonFields fields, string name)
    {
        if (!fields.TryGet(name, out JsonElement size))
        {
            return false;
        }

        int[]? given = size.ValueKind == JsonValueKind.Array ? fields.IntOrList(name, 1, int.MaxValue) : null;
        return given is [WeightScheme.BlockSize, WeightScheme.BlockSize]
            ? true
            : throw fields.Invalid(name, size, $"[{WeightScheme.BlockSize}, {WeightScheme.BlockSize}] or absent");
    }
}
