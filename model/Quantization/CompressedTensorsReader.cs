using System.Text.Json;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Quantization;

/// <summary>
/// Reads a quantization_config of the compressed-tensors library. Supported are 8-bit integers with a scale per row, 4-bit integers with a
/// scale per group of 32 columns, and 8-bit floats with a scale per tensor or row, all symmetric. Inputs are quantised dynamically or, for
/// 8-bit floats, with a stored scale. Other schemes are refused.
/// </summary>
/// <param name="source">Name of the file, for messages.</param>
internal sealed class CompressedTensorsReader(string source)
{
    private const string Prefix = "quantization_config.";

    // With "mixed-precision", every group states its own format.
    private static readonly string[] Formats = ["int-quantized", "pack-quantized", "float-quantized", "naive-quantized", "mixed-precision"];

    public QuantizationConfig Read(in JsonFields fields)
    {
        RequireOnly(fields, "quantization_status", "compressed");
        if (fields.Text("format") is { } format && !Formats.Contains(format))
        {
            throw fields.Invalid("format", $"\"{format}\"", string.Join(", ", Formats.Select(f => $"\"{f}\"")));
        }

        RefuseContents(fields, "sparsity_config");
        RefuseContents(fields, "transform_config");
        if (!fields.TryGet("config_groups", out JsonElement json) || json.ValueKind != JsonValueKind.Object || !json.EnumerateObject().Any())
        {
            throw fields.Missing("config_groups", "an object of groups, each with targets and weights");
        }

        List<SchemeGroup> groups = [];
        foreach (JsonProperty group in json.EnumerateObject())
        {
            groups.Add(ReadGroup(group.Value, $"{Prefix}config_groups.{group.Name}."));
        }

        const string ignore = "ignore";
        IReadOnlyList<string> ignored = QuantizationReader.Texts(fields, ignore, source, Prefix) ?? [];
        return new QuantizationConfig(
            QuantizationReader.CompressedTensors, Prefix + ignore, QuantizationReader.Matcher(ignored, source, Prefix + ignore), groups);
    }

    private SchemeGroup ReadGroup(JsonElement json, string prefix)
    {
        JsonFields fields = new(json, source, prefix);
        IReadOnlyList<string> targets = QuantizationReader.Texts(fields, "targets", source, prefix)
            ?? throw fields.Missing("targets", "\"Linear\", names of modules, or expressions that begin with \"re:\"");
        if (!fields.TryGet("weights", out JsonElement weights))
        {
            throw fields.Missing("weights", "an object that says how weights are quantised");
        }

        RefuseContents(fields, "output_activations");
        WeightScheme scheme = ReadWeights(new JsonFields(weights, source, prefix + "weights."));
        if (fields.TryGet("input_activations", out JsonElement inputs))
        {
            scheme = scheme with { StaticInput = ReadInputs(new JsonFields(inputs, source, prefix + "input_activations."), scheme.Type) };
        }

        return new SchemeGroup(QuantizationReader.Matcher(targets, source, prefix + "targets"), scheme);
    }

    private static WeightScheme ReadWeights(in JsonFields fields)
    {
        string type = fields.Text("type") ?? "int";
        int bits = fields.Int("num_bits", 1, 64);
        CheckSymmetric(fields);
        RefuseContents(fields, "actorder");
        string strategy = fields.Text("strategy") ?? (fields.Has("group_size") ? "group" : "tensor");
        switch (type, bits)
        {
            case ("int", 8):
                Require(fields, strategy, "channel");
                return new WeightScheme(ElementType.I8, ScaleGranularity.Row, StaticInput: false);
            case ("int", 4):
                Require(fields, strategy, "group");
                int group = fields.Int("group_size", -1, int.MaxValue);
                return group == WeightScheme.GroupColumns
                    ? new WeightScheme(ElementType.I4, ScaleGranularity.Group, StaticInput: false)
                    : throw fields.Invalid("group_size", $"{group}", $"{WeightScheme.GroupColumns}");
            case ("float", 8):
                Require(fields, strategy, "tensor", "channel");
                return new WeightScheme(ElementType.F8E4M3, strategy == "tensor" ? ScaleGranularity.Tensor : ScaleGranularity.Row, StaticInput: false);
            case ("int", _):
                throw fields.Invalid("num_bits", $"{bits}", "8 or 4 where type is \"int\"");
            case ("float", _):
                throw fields.Invalid("num_bits", $"{bits}", "8 where type is \"float\"");
            default:
                throw fields.Invalid("type", $"\"{type}\"", "\"int\" or \"float\"");
        }
    }

    // Returns whether a scale for the inputs is stored.
    private static bool ReadInputs(in JsonFields fields, ElementType weights)
    {
        bool isFloat = weights == ElementType.F8E4M3;
        string type = fields.Text("type") ?? "int";
        if (type != (isFloat ? "float" : "int"))
        {
            throw fields.Invalid("type", $"\"{type}\"", $"\"{(isFloat ? "float" : "int")}\", as that of the weights");
        }

        int bits = fields.Int("num_bits", 1, 64);
        if (bits != 8)
        {
            throw fields.Invalid("num_bits", $"{bits}", "8");
        }

        CheckSymmetric(fields);
        string strategy = fields.Text("strategy") ?? "tensor";
        bool dynamic = fields.Flag("dynamic", fallback: false);
        if (dynamic)
        {
            Require(fields, strategy, "token");
        }
        else if (isFloat)
        {
            Require(fields, strategy, "tensor");
        }
        else
        {
            throw fields.Invalid("dynamic", "false", "true");
        }

        return !dynamic;
    }

    private static void CheckSymmetric(in JsonFields fields)
    {
        if (!fields.Flag("symmetric", fallback: true))
        {
            throw fields.Invalid("symmetric", "false", "true");
        }
    }

    private static void Require(in JsonFields fields, string strategy, params string[] allowed)
    {
        if (!allowed.Contains(strategy))
        {
            throw fields.Invalid("strategy", $"\"{strategy}\"", string.Join(" or ", allowed.Select(a => $"\"{a}\"")));
        }
    }

    private static void RequireOnly(in JsonFields fields, string name, string only)
    {
        if (fields.Text(name) is { } value && value != only)
        {
            throw fields.Invalid(name, $"\"{value}\"", $"\"{only}\" or absent");
        }
    }

    private static void RefuseContents(in JsonFields fields, string name)
    {
        bool given = fields.TryGet(name, out JsonElement value) && value.ValueKind != JsonValueKind.False;
        if (given && !(value.ValueKind == JsonValueKind.Object && !value.EnumerateObject().Any()))
        {
            throw fields.Invalid(name, value, "absent");
        }
    }
}
