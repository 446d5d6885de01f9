using System.Text.Json;

namespace HunyuanOrleans.Model.Configuration;

/// <summary>
/// What generation_config.json suggests for sampling. What the file leaves out, and a folder without the file, takes the values of the
/// published Hunyuan models. Does not know what a request asked for.
/// </summary>
/// <param name="Temperature">Divides the logits, above 0; 1 when <paramref name="DoSample"/> is false, where it is not used.</param>
/// <param name="TopP">Keeps the likeliest tokens up to this probability mass, above 0 and at most 1; 1 keeps all.</param>
/// <param name="TopK">Keeps this many likeliest tokens; 0 keeps all.</param>
/// <param name="RepetitionPenalty">Divides positive and multiplies negative logits of seen tokens, above 0; 1 does nothing.</param>
/// <param name="DoSample">False asks for greedy decoding.</param>
/// <param name="EosTokenIds">Ids that end a generation, as the file lists them.</param>
/// <param name="MaxNewTokens">Suggested limit on generated tokens, where given.</param>
public sealed record GenerationDefaults(
    double Temperature,
    double TopP,
    int TopK,
    double RepetitionPenalty,
    bool DoSample,
    IReadOnlyList<int> EosTokenIds,
    int? MaxNewTokens)
{
    /// <summary>The published models' values.</summary>
    public static GenerationDefaults Published { get; } = new(0.7, 0.6, 20, 1.05, true, [], null);

    /// <summary>Reads the folder's generation_config.json; <see cref="Published"/> where there is none.</summary>
    /// <exception cref="ModelException">The file is unreadable or a field is wrong.</exception>
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

    /// <summary>Reads parsed JSON. <paramref name="source"/> names it in messages.</summary>
    /// <exception cref="ModelException">A field is wrong; the message says which and what is allowed.</exception>
    public static GenerationDefaults Parse(JsonElement json, string source)
    {
        var fields = new JsonFields(json, source);
        bool sample = fields.Flag("do_sample", Published.DoSample);
        double temperature = fields.Number("temperature", 0, 1000, Published.Temperature);

        // Temperature 0 is a common way to write greedy.
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
