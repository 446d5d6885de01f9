using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HunyuanOrleans.Gguf;
using HunyuanOrleans.Text.Templates.Jinja;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Text.Templates;

/// <summary>Loads the chat template of a model folder.</summary>
internal static class ChatTemplateLoader
{
    private const string JinjaFile = "chat_template.jinja";
    private const string JsonTemplateFile = "chat_template.json";
    private const string ModelConfigFile = "config.json";
    private const string ConfigFile = "tokenizer_config.json";
    private const string SpecialTokensFile = "special_tokens_map.json";
    private const string Field = "chat_template";

    private const string GgufKey = "tokenizer.chat_template";

    private static readonly string[] TokenNames = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token", "token_suffix"];

    public static ChatTemplate Load(string directory, TemplateOptions options)
    {
        Source source = Find(directory);
        (string main, string? withTools) = source.Template is { } only ? (only, null) : Named(source);
        return new ChatTemplate(
            Parse(main, source.Path, options), withTools is null ? null : Parse(withTools, source.Path, options), source.Tokens, source.Path);
    }

    /// <summary>
    /// SHA-256 of what <see cref="Load"/> would use: the source of the template, and the special tokens. Other fields of the files do not count.
    /// </summary>
    public static string Digest(string directory)
    {
        Source source = Find(directory);

        // Each text is preceded by its length, so that no two lists of texts have the same bytes.
        StringBuilder all = new();
        foreach (string text in source.Tokens.OrderBy(static t => t.Key, StringComparer.Ordinal).SelectMany(static t => (string[])[t.Key, t.Value])
            .Prepend(source.Template ?? source.Field.GetRawText()))
        {
            all.Append(text.Length).Append(':').Append(text);
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all.ToString())));
    }

    /// <summary>Finds the template that counts.</summary>
    private static Source Find(string directory)
    {
        if (GgufTokenizer.Find(directory) is { } header)
        {
            return FromGguf(header);
        }

        if (!Directory.Exists(directory))
        {
            throw new TextException($"{directory}: there is no such folder.");
        }

        Dictionary<string, string> tokens = [];
        string configPath = Path.Combine(directory, ConfigFile);
        using JsonDocument? config = ReadObject(configPath);
        using JsonDocument? map = ReadObject(Path.Combine(directory, SpecialTokensFile));
        AddTokens(tokens, map);
        AddTokens(tokens, config);

        string jinjaPath = Path.Combine(directory, JinjaFile);
        if (File.Exists(jinjaPath))
        {
            return new Source(jinjaPath, ReadText(jinjaPath), default, tokens);
        }

        string jsonPath = Path.Combine(directory, JsonTemplateFile);
        using JsonDocument? json = ReadObject(jsonPath);
        return FromField(config, configPath, tokens) ?? FromField(json, jsonPath, tokens) ?? new Source("built in", IsHyV3(directory) ? HyV3Template.Source : BuiltInTemplate.Source, default, tokens);
    }

    // Only the built-in template depends on the model's type.
    private static bool IsHyV3(string directory)
    {
        using JsonDocument? model = ReadObject(Path.Combine(directory, ModelConfigFile));
        return model is not null && TextOf(model.RootElement, "model_type") == "hy_v3";
    }

    private static Source FromGguf(GgufHeader header)
    {
        string[] texts = GgufTokenizer.Tokens(header);
        Dictionary<string, string> tokens = [];
        foreach ((string key, string name) in GgufTokenizer.NamedTokens)
        {
            if (GgufTokenizer.TokenText(header, texts, key) is { } text)
            {
                tokens[name] = text;
            }
        }

        try
        {
            return header.Text(GgufKey) is { } template
                ? new Source(header.Path, template, default, tokens)
                : new Source("built in", BuiltInTemplate.Source, default, tokens);
        }
        catch (InvalidDataException e)
        {
            throw new TextException(e.Message, e);
        }
    }

    private static Source? FromField(JsonDocument? file, string path, Dictionary<string, string> tokens) =>
        file is not null && file.RootElement.TryGetProperty(Field, out JsonElement field) && field.ValueKind != JsonValueKind.Null
            ? new Source(path, Text(field), field.Clone(), tokens)
            : null;

    private static (string Main, string? WithTools) Named(Source source)
    {
        Dictionary<string, string> named = NamedTemplates(source.Field, source.Path);
        string main = named.GetValueOrDefault("default")
            ?? (named.Count == 1 ? named.Values.Single() : null)
            ?? throw new TextException($"{source.Path}: {Field} has the templates {string.Join(", ", named.Keys)}, but none named default.");
        return (main, named.GetValueOrDefault("tool_use"));
    }

    private static Dictionary<string, string> NamedTemplates(JsonElement field, string path)
    {
        Dictionary<string, string> named = [];
        if (field.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement entry in field.EnumerateArray())
            {
                if (entry.ValueKind != JsonValueKind.Object || TextOf(entry, "name") is not { } name || TextOf(entry, "template") is not { } template)
                {
                    throw new TextException($"{path}: each entry of {Field} must be an object with the strings name and template.");
                }

                named[name] = template;
            }
        }

        return named.Count > 0
            ? named
            : throw new TextException($"{path}: {Field} must be a string or a list of objects with name and template.");
    }

    private static void AddTokens(Dictionary<string, string> tokens, JsonDocument? file)
    {
        if (file is null)
        {
            return;
        }

        foreach (string name in TokenNames)
        {
            if (file.RootElement.TryGetProperty(name, out JsonElement value)
                && (value.ValueKind == JsonValueKind.Object ? TextOf(value, "content") : TextOf(file.RootElement, name)) is { } text)
            {
                tokens[name] = text;
            }
        }
    }

    private static string? TextOf(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out JsonElement value) ? Text(value) : null;

    /// <summary>The string; null if the JSON is not a string or contains a lone surrogate.</summary>
    private static string? Text(JsonElement json)
    {
        try
        {
            return json.ValueKind == JsonValueKind.String ? json.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static JinjaTemplate Parse(string source, string path, TemplateOptions options)
    {
        try
        {
            return JinjaTemplate.Parse(source, options);
        }
        catch (TemplateException error)
        {
            throw new TemplateException(error.Detail, error.Line, path);
        }
    }

    private static JsonDocument? ReadObject(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        JsonDocument json = JsonFile.Read(path);
        if (json.RootElement.ValueKind == JsonValueKind.Object)
        {
            return json;
        }

        json.Dispose();
        throw new TextException($"{path}: must be a JSON object.");
    }

    private static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TextException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Where the template that counts is.</summary>
    /// <param name="Path">The file.</param>
    /// <param name="Template">The template; null if <paramref name="Field"/> holds several.</param>
    /// <param name="Field">The field of a JSON file.</param>
    /// <param name="Tokens">The special tokens that the template may use.</param>
    private sealed record Source(string Path, string? Template, JsonElement Field, Dictionary<string, string> Tokens);
}
