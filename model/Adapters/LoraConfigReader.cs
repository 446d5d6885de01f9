using System.Text.Json;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Adapters;

/// <summary>Reads <c>adapter_config.json</c>, and refuses every setting that would change the results and is not supported.</summary>
internal static class LoraConfigReader
{
    // Bounds that keep scales finite; published values are 1 to 1024.
    private const double MaxAlpha = 1e6;
    private static readonly string[] Projections = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    // These change nothing once the adapter is trained: they say how it was begun, what it was trained on, or which modules were chosen.
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "peft_type", "r", "lora_alpha", "rank_pattern", "alpha_pattern", "use_rslora", "target_modules", "bias", "init_lora_weights",
        "auto_mapping", "base_model_name_or_path", "revision", "inference_mode", "lora_dropout", "task_type", "peft_version", "megatron_core",
        "eva_config", "layers_pattern", "layers_to_transform", "exclude_modules", "runtime_config", "qalora_group_size", "ensure_weight_tying",
        "corda_config", "lora_ga_config",
    };

    /// <inheritdoc cref="LoraConfig.Load"/>
    public static LoraConfig Read(string directory)
    {
        if (!Directory.Exists(directory))
        {
            throw new ModelException($"{directory}: there is no such folder; allowed: the folder of an adapter, with {LoraConfig.FileName}.");
        }

        string source = Path.Combine(directory, LoraConfig.FileName);
        using JsonDocument json = JsonFile.Read(source);
        JsonFields fields = new(json.RootElement, source);
        Refuse(json.RootElement, fields);
        int rank = fields.Int("r", 1, LoraConfig.MaxRank);
        double alpha = fields.Number("lora_alpha", -MaxAlpha, MaxAlpha);
        LoraPattern ranks = Pattern(source, fields, "rank_pattern", 1, LoraConfig.MaxRank, whole: true);
        LoraPattern alphas = Pattern(source, fields, "alpha_pattern", -MaxAlpha, MaxAlpha, whole: false);
        return new LoraConfig(source, rank, alpha, ranks, alphas, fields.Flag("use_rslora", false), fields.Number("lora_dropout", 0, 1, 0), Targets(fields));
    }

    private static void Refuse(JsonElement root, JsonFields fields)
    {
        string? type = fields.Text("peft_type");
        if (type != "LORA")
        {
            throw fields.Invalid("peft_type", type is null ? "missing" : $"\"{type}\"", "\"LORA\"");
        }

        if (fields.Text("bias") is { } bias and not "none")
        {
            throw fields.Invalid("bias", $"\"{bias}\"", "\"none\": adapters with biases are not supported");
        }

        if (fields.TryGet("init_lora_weights", out JsonElement init) && init.ValueKind == JsonValueKind.String
            && init.GetString() is { } name && name is not ("gaussian" or "eva" or "orthogonal"))
        {
            throw fields.Invalid("init_lora_weights", init, "true, false, \"gaussian\", \"eva\" or \"orthogonal\": others change the base model");
        }

        foreach (JsonProperty field in root.EnumerateObject())
        {
            if (!Known.Contains(field.Name) && !IsOff(field.Value))
            {
                throw fields.Invalid(field.Name, field.Value, "null, false or nothing: this is not supported");
            }
        }
    }

    private static bool IsOff(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        JsonValueKind.String => value.GetString() is "",
        _ => false,
    };

    private static LoraPattern Pattern(string source, JsonFields fields, string name, double min, double max, bool whole)
    {
        LoraPattern pattern = new();
        if (!fields.TryGet(name, out JsonElement value))
        {
            return pattern;
        }

        JsonFields entries = new(value, source, name + ".");
        foreach (JsonProperty entry in value.EnumerateObject())
        {
            double number = whole ? entries.Int(entry.Name, (int)min, (int)max) : entries.Number(entry.Name, min, max);
            try
            {
                pattern.Add(entry.Name, number);
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException)
            {
                throw fields.Invalid(name, $"an object with the key \"{entry.Name}\"", "names of modules, or regular expressions without references and look-around");
            }
        }

        return pattern;
    }

    private static List<string>? Targets(JsonFields fields)
    {
        if (!fields.TryGet("target_modules", out JsonElement value))
        {
            throw fields.Missing("target_modules", Allowed());
        }

        // A regular expression, or "all-linear": the tensors say which modules it meant.
        if (value.ValueKind == JsonValueKind.String)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
        {
            throw fields.Invalid("target_modules", value, Allowed());
        }

        List<string> targets = [];
        foreach (JsonElement target in value.EnumerateArray())
        {
            string? name = target.ValueKind == JsonValueKind.String ? target.GetString() : null;
            if (name is null || !Projections.Contains(name[(name.LastIndexOf('.') + 1)..]))
            {
                throw fields.Invalid("target_modules", $"a list with {target.GetRawText()}", Allowed());
            }

            targets.Add(name);
        }

        return targets;
    }

    private static string Allowed() => $"a list of {string.Join(", ", Projections)}, or a regular expression";
}
