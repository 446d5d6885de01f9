using System.Text.Json;
using System.Text.RegularExpressions;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Quantization;

/// <summary>Reads how TensorRT Model Optimizer describes a checkpoint of 8-bit floats: hf_quant_config.json, or the same fields in config.json.</summary>
/// <param name="source">Name of the file, for messages.</param>
internal sealed class ModelOptReader(string source)
{
    /// <summary>Name of the file beside config.json.</summary>
    public const string FileName = "hf_quant_config.json";

    private const string Section = "quantization";

    /// <summary>Reads the file.</summary>
    public QuantizationConfig ReadFile(IReadOnlyCollection<string> plain)
    {
        using JsonDocument json = JsonFile.Read(source);
        JsonFields root = new(json.RootElement, source);
        return root.TryGet(Section, out JsonElement section)
            ? Read(new JsonFields(section, source, Section + "."), Section + ".", plain)
            : throw root.Missing(Section, "an object with quant_algo");
    }

    /// <summary>Reads the fields.</summary>
    public QuantizationConfig Read(in JsonFields fields, string prefix, IReadOnlyCollection<string> plain)
    {
        const string algorithm = "quant_algo", allowed = "\"FP8\", \"FP8_PER_CHANNEL_PER_TOKEN\" or \"FP8_PB_WO\"";
        WeightScheme scheme = fields.Text(algorithm) switch
        {
            "FP8" => new WeightScheme(ElementType.F8E4M3, ScaleGranularity.Tensor, StaticInput: true),
            "FP8_PER_CHANNEL_PER_TOKEN" => new WeightScheme(ElementType.F8E4M3, ScaleGranularity.Row, StaticInput: false),
            "FP8_PB_WO" => new WeightScheme(ElementType.F8E4M3Block, ScaleGranularity.Block, StaticInput: false),
            null => throw fields.Missing(algorithm, allowed),
            string other => throw fields.Invalid(algorithm, $"\"{other}\"", allowed),
        };
        string field = fields.Has("ignore") && !fields.Has("exclude_modules") ? "ignore" : "exclude_modules";
        IEnumerable<string> ignored = (QuantizationReader.Texts(fields, field, source, prefix) ?? []).Select(Wildcard);
        ModuleMatcher matcher = QuantizationReader.Matcher(ignored, source, prefix + field);
        return QuantizationReader.OneScheme(QuantizationReader.ModelOpt, prefix + field, matcher, scheme, plain);
    }

    // An asterisk stands for any text. An entry also names the modules below it.
    private static string Wildcard(string entry) => "re:" + Regex.Escape(entry).Replace("\\*", ".*", StringComparison.Ordinal) + "(\\..*)?$";
}
