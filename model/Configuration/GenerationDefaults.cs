using System.Text.Json;
using HunyuanOrleans.Model.Checkpoints.Gguf;

namespace HunyuanOrleans.Model.Configuration;

/// <summary>
/// The sampling defaults of generation_config.json. Missing fields, or a missing file, take the values of the published Hunyuan models.
/// </summary>
/// <param name="Temperature">Divides the logits; above 0. It is 1 and unused if <paramref name="DoSample"/> is false.</param>
/// <param name="TopP">Keeps the likeliest tokens up to this probability mass; above 0 and at most 1. 1 keeps all tokens.</param>
/// <param name="TopK">Keeps this many of the likeliest tokens; 0 keeps all tokens.</param>
/// <param name="RepetitionPenalty">Divides positive and multiplies negative logits of seen tokens; above 0. 1 has no effect.</param>
/// <param name="DoSample">False selects greedy decoding.</param>
/// <param name="EosTokenIds">Token ids that end a generation, in the order of the file.</param>
/// <param name="MaxNewTokens">Suggested limit on generated tokens; null if not given.</param>
public sealed record GenerationDefaults(
    double Temperature,
    double TopP,
    int TopK,
    double RepetitionPenalty,
    bool DoSample,
    IReadOnlyList<int> EosTokenIds,
    int? MaxNewTokens)
{
    // In published files, -1 keeps all tokens, as 0 does.
    private const int AllTokens = -1;

    /// <summary>The values of the published models.</summary>
    public static GenerationDefaults Published { get; } = new(0.7, 0.6, 20, 1.05, true, [], null);

    /// <summary>The values of the published models of type hy_v3.</summary>
    public static GenerationDefaults PublishedHyV3 { get; } = new(0.9, 1, 0, 1, true, [], null);

    /// <summary>
    /// Reads generation_config.json of a model folder. Missing fields, or a missing file, take the values of the published models of the type that
    /// config.json names.
    /// </summary>
    /// <exception cref="ModelException">The file is unreadable or a field is invalid.</exception>
    public static GenerationDefaults Load(string directory)
    {
        if (GgufModel.Find(directory) is { } header)
        {
            return Published with { EosTokenIds = GgufModel.Eos(header) };
        }

        string path = Path.Combine(directory, "generation_config.json");
        GenerationDefaults published = PublishedFor(directory);
        if (!File.Exists(path))
        {
            return published;
        }

        using JsonDocument json = JsonFile.Read(path);
        return Parse(json.RootElement, path, published);
    }

    /// <summary>Reads parsed JSON.</summary>
    /// <param name="json">The file's content.</param>
    /// <param name="source">The file's name in messages.</param>
    /// <param name="published">The values of missing fields; null (default) for <see cref="Published"/>.</param>
    /// <exception cref="ModelException">A field is invalid; the message names it and what is allowed.</exception>
    public static GenerationDefaults Parse(JsonElement json, string source, GenerationDefaults? published = null)
    {
        published ??= Published;
        var fields = new JsonFields(json, source);
        bool sample = fields.Flag("do_sample", published.DoSample);
        double temperature = fields.Number("temperature", 0, 1000, published.Temperature);

        // Temperature 0 is a common way to select greedy decoding.
        sample &= temperature > 0;
        return new GenerationDefaults(
            sample ? temperature : 1,
            fields.Number("top_p", double.Epsilon, 1, published.TopP),
            Math.Max(0, fields.Int("top_k", AllTokens, int.MaxValue, published.TopK)),
            fields.Number("repetition_penalty", double.Epsilon, 1000, published.RepetitionPenalty),
            sample,
            fields.IntOrList("eos_token_id", 0, int.MaxValue) ?? [],
            fields.OptionalInt("max_new_tokens", 1, int.MaxValue));
    }

    // Whatever else is wrong with config.json is reported by whoever reads the whole of it.
    private static GenerationDefaults PublishedFor(string directory)
    {
        string path = Path.Combine(directory, "config.json");
        if (!File.Exists(path))
        {
            return Published;
        }

        using JsonDocument json = JsonFile.Read(path);
        return json.RootElement.ValueKind == JsonValueKind.Object
            && json.RootElement.TryGetProperty("model_type", out JsonElement type)
            && type.ValueKind == JsonValueKind.String && type.GetString() == HyV3Reader.ModelType
                ? PublishedHyV3
                : Published;
    }
}
