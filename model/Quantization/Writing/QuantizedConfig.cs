using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Quantization.Writing;

/// <summary>
/// Creates config.json of a quantised model: the original with a quantization_config of the compressed-tensors library, so that other
/// programs can read it too. MLPs are in the group that targets all linear layers, because other readers look up the scheme of experts
/// there.
/// </summary>
internal static class QuantizedConfig
{
    private const string AttentionTarget = @"re:.*self_attn\..*_proj$", HeadTarget = "lm_head", RouterTarget = @"re:.*mlp\.gate\.wg$";

    // Routers under both names of their module, and the projection of the layers that predict further tokens.
    private static readonly string[] HyV3Ignored = [@"re:.*mlp\.(router\.)?gate$", @"re:.*\.eh_proj$"];

    /// <summary>Creates the text of config.json.</summary>
    /// <param name="original">Text of the original config.json.</param>
    /// <param name="format">The format of the quantised model.</param>
    /// <param name="family">The model's family.</param>
    public static string Of(string original, QuantFormat format, ModelFamily family)
    {
        JsonObject config = JsonNode.Parse(original)!.AsObject();
        config["quantization_config"] = Quantization(format, family);
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            // WriteTo needs no serialiser options, so it works in programs that are built without reflection-based serialisation.
            config.WriteTo(writer);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static JsonObject Quantization(QuantFormat format, ModelFamily family)
    {
        JsonArray ignore = new([.. (family == ModelFamily.HyV3 ? HyV3Ignored : [RouterTarget]).Select(target => (JsonNode)target)]);
        JsonObject groups = [];
        ElementType mlp = QuantPolicy.TypeOf(format, LinearRole.Mlp)!.Value;
        List<(ElementType Type, List<string> Targets)> others = [];
        foreach ((LinearRole role, string target) in new[] { (LinearRole.Attention, AttentionTarget), (LinearRole.Head, HeadTarget) })
        {
            ElementType? type = QuantPolicy.TypeOf(format, role);
            if (type is null)
            {
                ignore.Add((JsonNode)target);
            }
            else if (type != mlp)
            {
                int at = others.FindIndex(o => o.Type == type);
                if (at < 0)
                {
                    at = others.Count;
                    others.Add((type.Value, []));
                }

                others[at].Targets.Add(target);
            }
        }

        bool mixed = others.Count > 0;
        groups["group_0"] = Group(mlp, [SchemeGroup.AllLinear], mixed);
        foreach ((ElementType type, List<string> targets) in others)
        {
            groups[$"group_{groups.Count}"] = Group(type, targets, mixed);
        }

        return new JsonObject
        {
            ["quant_method"] = QuantizationReader.CompressedTensors,
            ["format"] = mixed ? "mixed-precision" : FormatOf(mlp),
            ["quantization_status"] = "compressed",
            ["config_groups"] = groups,
            ["ignore"] = ignore,
            ["kv_cache_scheme"] = null,
        };
    }

    private static JsonObject Group(ElementType type, List<string> targets, bool mixed)
    {
        bool floats = type == ElementType.F8E4M3;
        bool grouped = type == ElementType.I4;
        JsonObject group = new()
        {
            ["targets"] = new JsonArray([.. targets.Select(t => (JsonNode)t)]),
            ["weights"] = new JsonObject
            {
                ["num_bits"] = grouped ? 4 : 8,
                ["type"] = floats ? "float" : "int",
                ["symmetric"] = true,
                ["strategy"] = grouped ? "group" : "channel",
                ["group_size"] = grouped ? WeightScheme.GroupColumns : null,
                ["dynamic"] = false,
            },

            // This project quantises inputs whatever this field says. For 4-bit weights it is null, as other writers and readers have it.
            ["input_activations"] = grouped ? null : new JsonObject
            {
                ["num_bits"] = 8,
                ["type"] = floats ? "float" : "int",
                ["symmetric"] = true,
                ["strategy"] = "token",
                ["dynamic"] = true,
            },
            ["output_activations"] = null,
        };
        if (mixed)
        {
            group["format"] = FormatOf(type);
        }

        return group;
    }

    private static string FormatOf(ElementType type) => type switch
    {
        ElementType.I8 => "int-quantized",
        ElementType.I4 => "pack-quantized",
        _ => "float-quantized",
    };
}
