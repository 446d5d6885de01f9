using System.Text.Json;

namespace HunyuanOrleans.Server.Http;

/// <summary>
/// Parameters of other servers that would change the answer and are not supported. A request may set them to the value that has no effect.
/// </summary>
internal static class UnsupportedFields
{
    private static readonly (string Name, string[] Neutral)[] Fields =
    [
        ("audio", []),
        ("documents", ["[]"]),
        ("dry_multiplier", ["0"]),
        ("dynatemp_range", ["0"]),
        ("early_stopping", ["false"]),
        ("epsilon_cutoff", ["0"]),
        ("eta_cutoff", ["0"]),
        ("kv_transfer_params", []),
        ("length_penalty", ["1"]),
        ("logits_processors", ["[]"]),
        ("mirostat", ["0"]),
        ("mirostat_mode", ["0"]),
        ("modalities", ["[\"text\"]"]),
        ("no_repeat_ngram_size", ["0"]),
        ("prompt_embeds", []),
        ("return_token_ids", ["false"]),
        ("return_tokens_as_token_ids", ["false"]),
        ("smoothing_factor", ["0"]),
        ("spaces_between_special_tokens", ["true"]),
        ("tfs", ["1"]),
        ("tfs_z", ["1"]),
        ("top_a", ["0"]),
        ("top_n_sigma", ["-1", "0"]),
        ("typical", ["1"]),
        ("typical_p", ["1"]),
        ("use_beam_search", ["false"]),
        ("verbosity", ["\"medium\""]),
        ("vllm_xargs", ["{}"]),
        ("web_search_options", []),
        ("xtc_probability", ["0"]),
    ];

    /// <summary>The names of the parameters.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Fields.Select(static field => field.Name)];

    /// <summary>Throws if a request sets one of the parameters to a value with an effect.</summary>
    /// <exception cref="ApiException">The error names the parameter and the value that is allowed.</exception>
    public static void Refuse(RequestFields fields)
    {
        foreach ((string name, string[] neutral) in Fields)
        {
            if (HasEffect(fields, name, neutral))
            {
                string instead = neutral.Length == 0 ? "leave it out" : $"leave it out or set it to {string.Join(" or ", neutral)}";
                throw ApiException.Invalid(name, $"{name} is not supported; {instead}.", "unsupported_value");
            }
        }
    }

    /// <summary>Whether a request sets a parameter to another value than those that have no effect.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="name">The parameter's name.</param>
    /// <param name="neutral">The values without effect, as JSON.</param>
    public static bool HasEffect(RequestFields fields, string name, params string[] neutral) =>
        fields[name] is JsonElement value && !Array.Exists(neutral, allowed => JsonElement.DeepEquals(value, JsonElement.Parse(allowed)));
}
