using System.Text.Json;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Quantization;

/// <summary>Reads quantization_config in the layout of AutoFP8 or compressed-tensors. Unsupported settings are refused.</summary>
internal static class QuantizationReader
{
    private const string Field = "quantization_config";
    private const string Prefix = Field + ".";
    private const string IgnoredLayers = "ignored_layers";
    private const string NotConverted = "modules_to_not_convert";

    /// <summary>The supported values of quant_method.</summary>
    public const string AutoFp8 = "fp8", CompressedTensors = "compressed-tensors";

    /// <summary>Reads the field; null if the config does not have it.</summary>
    /// <exception cref="ModelException">A field is invalid; the message names it and what is allowed.</exception>
    public static QuantizationConfig? Read(in JsonFields config, string source)
    {
        if (!config.TryGet(Field, out JsonElement json))
        {
            return null;
        }

        const string allowed = $"\"{AutoFp8}\" (AutoFP8) or \"{CompressedTensors}\"";
        JsonFields fields = new(json, source, Prefix);
        return fields.Text("quant_method") switch
        {
            AutoFp8 => ReadAutoFp8(fields, source),
            CompressedTensors => new CompressedTensorsReader(source).Read(fields),
            null => throw fields.Missing("quant_method", allowed),
            string other => throw fields.Invalid("quant_method", $"\"{other}\"", allowed),
        };
    }

    private static QuantizationConfig ReadAutoFp8(in JsonFields fields, string source)
    {
        bool staticInput = fields.Text("activation_scheme") switch
        {
            "static" => true,
            "dynamic" => false,
            null => throw fields.Missing("activation_scheme", "\"static\" or \"dynamic\""),
            string other => throw fields.Invalid("activation_scheme", $"\"{other}\"", "\"static\" or \"dynamic\""),
        };
        if (fields.TryGet("weight_block_size", out JsonElement block))
        {
            throw fields.Invalid("weight_block_size", block, "absent (one scale for each tensor)");
        }

        if (fields.Text("fmt") is { } format && format is not ("e4m3" or "e4m3fn"))
        {
            throw fields.Invalid("fmt", $"\"{format}\"", "\"e4m3\" or absent");
        }

        string field = !fields.Has(IgnoredLayers) && fields.Has(NotConverted) ? NotConverted : IgnoredLayers;
        IReadOnlyList<string> ignored = Texts(fields, field, source, Prefix)
            ?? throw fields.Missing(IgnoredLayers, "the list of layers that are not quantised: every mlp.gate.wg, and lm_head");
        ModuleMatcher matcher = Matcher(ignored, source, Prefix + field);
        WeightScheme scheme = new(ElementType.F8E4M3, ScaleGranularity.Tensor, staticInput);
        return new QuantizationConfig(AutoFp8, Prefix + field, matcher, [new SchemeGroup(new ModuleMatcher([SchemeGroup.AllLinear]), scheme)]);
    }

    /// <summary>Reads a list of strings; null if the field is absent.</summary>
    public static IReadOnlyList<string>? Texts(in JsonFields fields, string name, string source, string prefix)
    {
        if (!fields.TryGet(name, out JsonElement list))
        {
            return null;
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            throw fields.Invalid(name, list, "a list of names");
        }

        List<string> texts = [];
        foreach (JsonElement entry in list.EnumerateArray())
        {
            texts.Add(entry.ValueKind == JsonValueKind.String
                ? entry.GetString()!
                : throw new ModelException($"{source}: \"{prefix}{name}[{texts.Count}]\" is {entry.GetRawText()}; allowed: a name."));
        }

        return texts;
    }

    /// <summary>Creates a matcher from the entries of a field.</summary>
    public static ModuleMatcher Matcher(IEnumerable<string> entries, string source, string field)
    {
        try
        {
            return new ModuleMatcher(entries);
        }
        catch (ArgumentException e)
        {
            throw new ModelException($"{source}: \"{field}\" has an expression that cannot be used: {e.Message}", e);
        }
    }
}
