using System.Text.Json;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Quantization;

/// <summary>
/// Reads a quantization_config of the compressed-tensors library. Supported are integers of 8 and 4 bits with a scale per tensor, row, or group of a
/// multiple of 32 columns, symmetric or with zero points, and 8-bit floats with a scale per tensor, row, group of 128 columns or block of 128 rows and
/// columns. Inputs are quantised dynamically or, for 8-bit floats, with a stored scale. Other schemes are refused.
/// </summary>
/// <param name="source">Name of the file, for messages.</param>
internal sealed class CompressedTensorsReader(string source)
{
    private const string Prefix = QuantizationReader.Prefix;
    private const string Group = "group";
    private const string GroupSize = "group_size";

    // With "mixed-precision", every group states its own format.
    private static readonly string[] Formats = ["int-quantized", "pack-quantized", "float-quantized", "naive-quantized", "mixed-precision"];

    public QuantizationConfig Read(in JsonFields fields, IReadOnlyCollection<string> plain)
    {
        RequireOnly(fields, "quantization_status", "compressed");
        string? format = ReadFormat(fields);

        RefuseContents(fields, "sparsity_config");
        RefuseContents(fields, "transform_config");
        if (!fields.TryGet("config_groups", out JsonElement json) || json.ValueKind != JsonValueKind.Object || !json.EnumerateObject().Any())
        {
            throw fields.Missing("config_groups", "an object of groups, each with targets and weights");
        }

        List<SchemeGroup> groups = [];
        foreach (JsonProperty group in json.EnumerateObject())
        {
            groups.Add(ReadGroup(group.Value, $"{Prefix}config_groups.{group.Name}.", format));
        }

        string ignore = fields.Has("ignored_layers") && !fields.Has("ignore") ? "ignored_layers" : "ignore";
        IReadOnlyList<string> ignored = QuantizationReader.Texts(fields, ignore, source, Prefix) ?? [];
        return new QuantizationConfig(
            QuantizationReader.CompressedTensors, Prefix + ignore, QuantizationReader.Matcher(ignored, source, Prefix + ignore), groups, plain);
    }

    private static string? ReadFormat(in JsonFields fields)
    {
        string? format = fields.Text("format");
        return format is null || Formats.Contains(format)
            ? format
            : throw fields.Invalid("format", $"\"{format}\"", string.Join(", ", Formats.Select(f => $"\"{f}\"")));
    }

    private SchemeGroup ReadGroup(JsonElement json, string prefix, string? format)
    {
        JsonFields fields = new(json, source, prefix);
        format = ReadFormat(fields) ?? format;
        IReadOnlyList<string> targets = QuantizationReader.Texts(fields, "targets", source, prefix)
            ?? throw fields.Missing("targets", "\"Linear\", names of modules, or expressions that begin with \"re:\"");
        if (!fields.TryGet("weights", out JsonElement weights))
        {
            throw fields.Missing("weights", "an object that says how weights are quantised");
        }

        RefuseContents(fields, "output_activations");
        WeightScheme scheme = ReadWeights(new JsonFields(weights, source, prefix + "weights."), format);
        if (fields.TryGet("input_activations", out JsonElement inputs))
        {
            scheme = scheme with { StaticInput = ReadInputs(new JsonFields(inputs, source, prefix + "input_activations."), scheme.Type) };
        }

        return new SchemeGroup(QuantizationReader.Matcher(targets, source, prefix + "targets"), scheme);
    }

    private static WeightScheme ReadWeights(in JsonFields fields, string? format)
    {
        string type = fields.Text("type") ?? "int";
        int bits = fields.Int("num_bits", 1, 64);
        if (fields.TryGet("actorder", out JsonElement order) && order.ValueKind != JsonValueKind.False &&
            !(order.ValueKind == JsonValueKind.String && order.GetString() is "weight" or "static"))
        {
            throw fields.Invalid("actorder", order, "\"weight\" or absent");
        }

        string strategy = fields.Text("strategy") ?? (fields.Has("group_size") ? Group : "tensor");
        return (type, bits) switch
        {
            ("int", 8 or 4) => ReadIntegers(fields, bits, strategy, format),
            ("float", 8) => ReadFloats(fields, strategy),
            ("int", _) => throw fields.Invalid("num_bits", $"{bits}", "8 or 4 where type is \"int\""),
            ("float", _) => throw fields.Invalid("num_bits", $"{bits}", "8 where type is \"float\""),
            _ => throw fields.Invalid("type", $"\"{type}\"", "\"int\" or \"float\""),
        };
    }

    private static WeightScheme ReadIntegers(in JsonFields fields, int bits, string strategy, string? format)
    {
        Require(fields, strategy, "tensor", "channel", Group);
        int group = strategy == Group ? fields.Int(GroupSize, -1, int.MaxValue) : 0;
        if (strategy == Group && (group <= 0 || group % WeightScheme.GroupColumns != 0))
        {
            throw fields.Invalid(GroupSize, $"{group}", $"a multiple of {WeightScheme.GroupColumns}");
        }

        bool symmetric = fields.Flag("symmetric", fallback: true);
        if (!symmetric && strategy == "tensor")
        {
            throw fields.Invalid("symmetric", "false", "true with one scale for a tensor");
        }

        // Without a format, 4-bit codes are packed and 8-bit codes are not.
        bool packed = format is "pack-quantized" || (bits == 4 && format is not ("int-quantized" or "naive-quantized"));
        ScaleGranularity scales = strategy == Group ? ScaleGranularity.Group : strategy == "channel" ? ScaleGranularity.Row : ScaleGranularity.Tensor;
        return new WeightScheme(WeightScheme.IntegerType(bits, group, symmetric), scales, StaticInput: false)
        {
            Form = packed ? StoredForm.Packed : StoredForm.Weight,
            GroupSize = scales == ScaleGranularity.Group ? group : 0,
            Bits = bits,
            HasZeroPoints = !symmetric,
        };
    }

    private static WeightScheme ReadFloats(in JsonFields fields, string strategy)
    {
        CheckSymmetric(fields);
        Require(fields, strategy, "tensor", "channel", Group, "block");
        switch (strategy)
        {
            case Group:
                int group = fields.Int(GroupSize, -1, int.MaxValue);
                return group == WeightScheme.BlockSize
                    ? new WeightScheme(ElementType.F8E4M3Block, ScaleGranularity.Group, StaticInput: false) { GroupSize = group }
                    : throw fields.Invalid(GroupSize, $"{group}", $"{WeightScheme.BlockSize} where type is \"float\"");
            case "block":
                return Fp8Reader.ReadBlocks(fields, "block_structure")
                    ? new WeightScheme(ElementType.F8E4M3Block, ScaleGranularity.Block, StaticInput: false)
                    : throw fields.Missing("block_structure", $"[{WeightScheme.BlockSize}, {WeightScheme.BlockSize}]");
            default:
                return new WeightScheme(ElementType.F8E4M3, strategy == "tensor" ? ScaleGranularity.Tensor : ScaleGranularity.Row, StaticInput: false);
        }
    }

    // Returns whether a scale for the inputs is stored.
    private static bool ReadInputs(in JsonFields fields, ElementType weights)
    {
        bool isFloat = weights is ElementType.F8E4M3 or ElementType.F8E4M3Block;
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
            Require(fields, strategy, "token", "tensor", Group);
        }
        else if (weights == ElementType.F8E4M3)
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
