using System.Text.Json;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Ollama;

/// <summary>Translates the parameter options, except the length of the answer, into parameters of a chat or text completion.</summary>
internal static class OllamaOptions
{
    /// <summary>The options that are parameters of a chat or text completion, with their names there.</summary>
    public static IReadOnlyList<(string Name, string Target)> Translated { get; } =
    [
        ("temperature", "temperature"), ("top_p", "top_p"), ("top_k", "top_k"), ("min_p", "min_p"), ("seed", "seed"), ("stop", "stop"),
        ("repeat_penalty", "repetition_penalty"), ("presence_penalty", "presence_penalty"), ("frequency_penalty", "frequency_penalty"),
    ];

    // Those that change an answer and are not there, with the values that change nothing.
    private static readonly (string Name, string Neutral)[] Unsupported =
        [("mirostat", "0"), ("tfs_z", "1"), ("typical_p", "1"), ("repeat_last_n", "-1"), ("penalize_newline", "true")];

    // Those that only concern Ollama's own engine.
    private static readonly string[] NoEffect =
    [
        "embedding_only", "f16_kv", "logits_all", "low_vram", "main_gpu", "mirostat_eta", "mirostat_tau", "num_batch", "num_ctx", "num_gpu", "num_gqa", "num_keep",
        "num_thread", "numa", "rope_frequency_base", "rope_frequency_scale", "use_mlock", "use_mmap", "vocab_only",
    ];

    /// <summary>The names of all options.</summary>
    public static IEnumerable<string> Names =>
        [.. Translated.Select(static option => option.Name), .. Unsupported.Select(static option => option.Name), .. NoEffect, "num_predict"];

    /// <summary>Writes the fields.</summary>
    /// <exception cref="ApiException">An option would change the answer and is not supported.</exception>
    public static void Write(Utf8JsonWriter json, RequestFields options)
    {
        foreach ((string name, string target) in Translated)
        {
            options.Copy(json, name, target);
        }

        foreach ((string name, string neutral) in Unsupported)
        {
            if (UnsupportedFields.HasEffect(options, name, neutral))
            {
                throw ApiException.Invalid("options." + name, $"options.{name} is not supported; leave it out.", "unsupported_value");
            }
        }
    }
}
