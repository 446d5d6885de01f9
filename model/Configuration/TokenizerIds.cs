using System.Text.Json;

namespace HunyuanOrleans.Model.Configuration;

/// <summary>
/// The ids of the tokens that begin and end texts, as the tokenizer's files state them. Some published config.json files have ids that are not those of
/// the tokenizer, so these count before those. It does not read the vocabulary itself.
/// </summary>
/// <param name="Bos">The begin-of-text id; null if the files do not state it.</param>
/// <param name="Eos">The end-of-text id; null if the files do not state it.</param>
internal readonly record struct TokenizerIds(int? Bos, int? Eos)
{
    private const string ConfigName = "tokenizer_config.json", TokenizerName = "tokenizer.json", Decoder = "added_tokens_decoder", Content = "content";

    /// <summary>Reads the files of a model folder.</summary>
    /// <exception cref="ModelException">A file is not valid JSON.</exception>
    public static TokenizerIds Read(string directory)
    {
        string path = Path.Combine(directory, ConfigName);
        if (!File.Exists(path))
        {
            return default;
        }

        using JsonDocument json = JsonFile.Read(path);
        if (json.RootElement.ValueKind != JsonValueKind.Object)
        {
            return default;
        }

        string? bos = Text(json.RootElement, "bos_token"), eos = Text(json.RootElement, "eos_token");
        if (bos is null && eos is null)
        {
            return default;
        }

        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        AddDecoder(ids, json.RootElement);
        if (Lacks(ids, bos) || Lacks(ids, eos))
        {
            AddTokenizer(ids, Path.Combine(directory, TokenizerName));
        }

        return new TokenizerIds(Find(ids, bos), Find(ids, eos));
    }

    private static bool Lacks(Dictionary<string, int> ids, string? token) => token is not null && !ids.ContainsKey(token);

    private static int? Find(Dictionary<string, int> ids, string? token) => token is not null && ids.TryGetValue(token, out int id) ? id : null;

    // A token is a text, or an object with its content.
    private static string? Text(JsonElement owner, string name) =>
        !owner.TryGetProperty(name, out JsonElement value) ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : value.ValueKind == JsonValueKind.Object ? Text(value, Content)
        : null;

    private static void AddDecoder(Dictionary<string, int> ids, JsonElement root)
    {
        if (!root.TryGetProperty(Decoder, out JsonElement decoder) || decoder.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (JsonProperty token in decoder.EnumerateObject())
        {
            if (int.TryParse(token.Name, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int id)
                && token.Value.ValueKind == JsonValueKind.Object && Text(token.Value, Content) is { } text)
            {
                ids[text] = id;
            }
        }
    }

    private static void AddTokenizer(Dictionary<string, int> ids, string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        using JsonDocument json = JsonFile.Read(path);
        if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("added_tokens", out JsonElement added)
            || added.ValueKind != JsonValueKind.Array)
        {
            return;
        }

        foreach (JsonElement token in added.EnumerateArray())
        {
            if (token.ValueKind == JsonValueKind.Object && token.TryGetProperty("id", out JsonElement number) && number.ValueKind == JsonValueKind.Number
                && number.TryGetInt32(out int id) && Text(token, Content) is { } text)
            {
                ids.TryAdd(text, id);
            }
        }
    }
}
