using System.Text.Json;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Server.Completions;

/// <summary>Reads the parameter prompt: a string, token ids, or an array of either.</summary>
internal static class PromptReader
{
    private const string Name = "prompt", Expected = "a string, an array of token ids, or an array of either";

    /// <summary>Reads the prompts as token ids, truncates them if the request asks for it, and checks their lengths.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="maxTokens">The most tokens of an answer.</param>
    /// <param name="model">The served model.</param>
    /// <param name="options">The server's limits.</param>
    public static IReadOnlyList<int[]> Read(RequestFields fields, int maxTokens, ServedModel model, ServerOptions options)
    {
        JsonElement json = fields[Name] ?? throw ApiException.Missing(Name, Expected);
        bool begin = fields.Bool("add_special_tokens") ?? false;
        List<int[]> prompts = [];
        if (json.ValueKind == JsonValueKind.Array && json.GetArrayLength() > 0 && json[0].ValueKind != JsonValueKind.Number)
        {
            if (json.GetArrayLength() > options.MaxPrompts)
            {
                throw ApiException.Invalid(
                    Name, $"prompt holds {json.GetArrayLength()} prompts; this server answers up to {options.MaxPrompts} at once.");
            }

            foreach (JsonElement item in json.EnumerateArray())
            {
                prompts.Add(ReadOne(item, $"{Name}[{prompts.Count}]", model, begin));
            }
        }
        else
        {
            prompts.Add(ReadOne(json, Name, model, begin));
        }

        for (int i = 0; i < prompts.Count; i++)
        {
            prompts[i] = PromptLimits.Fit(prompts[i], Name, maxTokens, fields, model, options);
        }

        return prompts;
    }

    private static int[] ReadOne(JsonElement json, string path, ServedModel model, bool begin) => json.ValueKind switch
    {
        JsonValueKind.String => Encode(json.GetString()!, model, begin),
        JsonValueKind.Array => RequestFields.Ints(json, path, Name),
        _ => throw ApiException.InvalidType(path, Expected, RequestFields.Kind(json), Name),
    };

    private static int[] Encode(string text, ServedModel model, bool begin)
    {
        Tokenizer tokenizer = model.Tokenizer ?? throw ApiException.Invalid(Name, "This model has no tokenizer; give token ids.");
        int[] ids = tokenizer.Encode(text);
        return begin && model.BeginId is int first ? [first, .. ids] : ids;
    }
}
