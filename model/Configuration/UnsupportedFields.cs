using System.Text.Json;

namespace HunyuanOrleans.Model.Configuration;

/// <summary>
/// Rejects config fields whose values select arithmetic that is not implemented, so that such a model fails to load instead of giving
/// wrong results. An absent field is always accepted.
/// </summary>
internal static class UnsupportedFields
{
    private static readonly string[] MustBeFalse = ["use_mla", "group_limited_greedy", "position_embedding_xdrope"];

    public static void Check(in JsonFields fields)
    {
        if (fields.Text("hidden_act") is { } act && act != "silu")
        {
            throw fields.Invalid("hidden_act", $"\"{act}\"", "\"silu\"");
        }

        foreach (string name in MustBeFalse)
        {
            if (fields.Flag(name, fallback: false))
            {
                throw fields.Invalid(name, "true", "false or absent");
            }
        }

        if (!fields.Flag("norm_topk_prob", fallback: true))
        {
            throw fields.Invalid("norm_topk_prob", "false", "true or absent");
        }

        if (fields.TryGet("routed_scaling_factor", out JsonElement factor) &&
            (factor.ValueKind != JsonValueKind.Number || factor.GetDouble() != 1))
        {
            throw fields.Invalid("routed_scaling_factor", factor, "1 or absent");
        }
    }
}
