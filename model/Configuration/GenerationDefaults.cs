using System.Text.Json;

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
    /// <summary>The values of the published models.</summary>
    public static GenerationDefaults Published { get; } = new(0.7, 0.6, 20, 1.05, true, [], null);

    /// <summary>Reads generation_config.json of a model folder. Returns <see cref="Published"/> if the file does not exist.</summary>
    /// <exception cref="ModelException">The file is unreadable or a field is invalid.</exception>
    public static GenerationDefaults Load(string directory)
    {
        string path = Path.Combine(directory, "generation_config.json");
        if (!File.Exists(path))
        {
            return Published;
        }

        using JsonDocument json = JsonFile.Read(path);
        return Parse(json.RootElement, path);
    }

    /// <summary>Reads parsed JSON. <paramref name="source"/> is its name in messages.</summary>
    /// <exception cref="ModelException">A field is invalid; the message names it and what is allowed.</exception>
    public static GenerationDefaults Parse(JsonElement json, string source)
    {
        var fields = new JsonFields(json, source);
        bool sample = fields.Flag("do_sample", Published.DoSample);
        double temperature = fields.Number("temperature", 0, 1000, Published.Temperature);

        // Temperature 0 is a common way to select greedy decoding.
        sample &= temperature > 0;
        return new GenerationDefaults(
            sample ? temperature : 1,
            fields.Number("top_p", double.Epsilon, 1, Published.TopP),
            fields.Int("top_k", 0, int.MaxValue, Published.TopK),
            fields.Number("repetition_penalty", double.Epsilon, 1000, Published.RepetitionPenalty),
            sample,
            fields.IntOrList("eos_token_id", 0, int.MaxValue) ?? [],
            fields.OptionalInt("max_new_tokens", 1, int.MaxValue));
    }
}
