using System.Text.Json;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Quantization;

/// <summary>
/// Reads how a checkpoint is quantised: quantization_config of config.json, or else hf_quant_config.json beside it. Unsupported settings are refused.
/// </summary>
internal static class QuantizationReader
{
    private const string Field = "quantization_config";

    /// <summary>The prefix of fields in messages.</summary>
    public const string Prefix = Field + ".";

    /// <summary>The supported values of quant_method.</summary>
    public const string AutoFp8 = "fp8", CompressedTensors = "compressed-tensors", Gptq = "gptq", Awq = "awq", ModelOpt = "modelopt";

    /// <summary>Stands for the types of a GGUF file's tensors.</summary>
    public const string Gguf = "gguf";

    private static readonly string[] Methods = [AutoFp8, CompressedTensors, Gptq, Awq, ModelOpt];

    /// <summary>Reads the quantisation; null if the checkpoint is not quantised.</summary>
    /// <param name="config">The fields of config.json.</param>
    /// <param name="source">Its name in messages.</param>
    /// <param name="directory">The model's folder; null if there is none.</param>
    /// <exception cref="ModelException">A field is invalid; the message names it and what is allowed.</exception>
    public static QuantizationConfig? Read(in JsonFields config, string source, string? directory)
    {
        if (!config.TryGet(Field, out JsonElement json))
        {
            string beside = directory is null ? "" : Path.Combine(directory, ModelOptReader.FileName);
            return File.Exists(beside) ? new ModelOptReader(beside).ReadFile(Plain(directory)) : null;
        }

        string allowed = string.Join(", ", Methods.Select(static m => $"\"{m}\""));
        JsonFields fields = new(json, source, Prefix);
        string method = fields.Text("quant_method") ?? throw fields.Missing("quant_method", allowed);
        IReadOnlyCollection<string> plain = Plain(directory);
        return method switch
        {
            AutoFp8 => Fp8Reader.Read(fields, source, plain),
            CompressedTensors => new CompressedTensorsReader(source).Read(fields, plain),
            Gptq => GptqReader.ReadGptq(fields, source, plain),
            Awq => GptqReader.ReadAwq(fields, source, plain),
            ModelOpt => new ModelOptReader(source).Read(fields, Prefix, plain),
            _ => throw fields.Invalid("quant_method", $"\"{method}\"", allowed),
        };
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

    /// <summary>A config in which all linear modules have one scheme.</summary>
    /// <param name="method">The value of quant_method.</param>
    /// <param name="field">The name of the field that lists modules which are not quantised.</param>
    /// <param name="ignored">Matches these modules.</param>
    /// <param name="scheme">The scheme of the others.</param>
    /// <param name="plain">Modules that the files store as they are.</param>
    public static QuantizationConfig OneScheme(
        string method, string field, ModuleMatcher ignored, WeightScheme scheme, IReadOnlyCollection<string> plain) =>
        new(method, field, ignored, [new SchemeGroup(new ModuleMatcher([SchemeGroup.AllLinear]), scheme)], plain);

    private static IReadOnlyList<string> Plain(string? directory) => directory is null ? [] : PlainModules.Find(directory);
}
