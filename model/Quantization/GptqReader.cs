using System.Text.Json;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Quantization;

/// <summary>
/// Reads a quantization_config of GPTQ or AWQ. Neither lists the modules that are not quantised reliably: the files decide. Whether inputs were reordered
/// (desc_act) is decided by g_idx in the files, too.
/// </summary>
internal static class GptqReader
{
    private const string NotConverted = "modules_to_not_convert";
    private const int WholeRow = -1;

    public static QuantizationConfig ReadGptq(in JsonFields fields, string source, IReadOnlyCollection<string> plain)
    {
        int bits = fields.Int("bits", 1, 64);
        if (bits is not (4 or 8))
        {
            throw fields.Invalid("bits", $"{bits}", "4 or 8");
        }

        StoredForm form = fields.Text("checkpoint_format") switch
        {
            null or "gptq" => StoredForm.Gptq,
            "gptq_v2" => StoredForm.GptqV2,
            string other => throw fields.Invalid("checkpoint_format", $"\"{other}\"", "\"gptq\", \"gptq_v2\" or absent"),
        };
        RefuseEntries(fields, "dynamic");
        return Create(fields, source, QuantizationReader.Gptq, form, bits, fields.Flag("sym", fallback: true), plain);
    }

    public static QuantizationConfig ReadAwq(in JsonFields fields, string source, IReadOnlyCollection<string> plain)
    {
        string name = fields.Has("bits") || !fields.Has("w_bit") ? "bits" : "w_bit";
        int bits = fields.Int(name, 1, 64);
        if (bits != 4)
        {
            throw fields.Invalid(name, $"{bits}", "4");
        }

        if (fields.Text("version") is { } version && !version.Equals("gemm", StringComparison.OrdinalIgnoreCase))
        {
            throw fields.Invalid("version", $"\"{version}\"", "\"gemm\" or absent");
        }

        return fields.Flag("zero_point", fallback: true)
            ? Create(fields, source, QuantizationReader.Awq, StoredForm.Awq, bits, symmetric: false, plain)
            : throw fields.Invalid("zero_point", "false", "true or absent");
    }

    private static QuantizationConfig Create(
        in JsonFields fields, string source, string method, StoredForm form, int bits, bool symmetric, IReadOnlyCollection<string> plain)
    {
        string name = fields.Has("group_size") || !fields.Has("q_group_size") ? "group_size" : "q_group_size";
        int size = fields.Int(name, int.MinValue, int.MaxValue);
        if (size != WholeRow && (size <= 0 || size % WeightScheme.GroupColumns != 0))
        {
            throw fields.Invalid(name, $"{size}", $"a multiple of {WeightScheme.GroupColumns}, or {WholeRow} for whole rows");
        }

        int group = size == WholeRow ? 0 : size;
        ScaleGranularity scales = group == 0 ? ScaleGranularity.Row : ScaleGranularity.Group;
        WeightScheme scheme = new(WeightScheme.IntegerType(bits, group, symmetric), scales, StaticInput: false)
        {
            Form = form,
            GroupSize = group,
            Bits = bits,
            HasZeroPoints = true,
        };
        ModuleMatcher ignored = new((QuantizationReader.Texts(fields, NotConverted, source, QuantizationReader.Prefix) ?? []).Select(Wildcard));
        return QuantizationReader.OneScheme(method, QuantizationReader.Prefix + NotConverted, ignored, scheme, plain);
    }

    // The libraries leave every module alone whose name contains an entry.
    private static string Wildcard(string entry) => "re:.*" + System.Text.RegularExpressions.Regex.Escape(entry);

    private static void RefuseEntries(in JsonFields fields, string name)
    {
        if (fields.TryGet(name, out JsonElement value) && !(value.ValueKind == JsonValueKind.Object && !value.EnumerateObject().Any()))
        {
            throw fields.Invalid(name, value, "absent (one scheme for all modules)");
        }
    }
}
