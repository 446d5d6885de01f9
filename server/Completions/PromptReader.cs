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

    /// <summary>Reads the prompts as token ids and checks their lengths.</summary>
    public static IReadOnlyList<int[]> Read(RequestFields fields, ServedModel model, ServerOptions options)
    {
        JsonElement json = fields[Name] ?? throw ApiException.Missing(Name, Expected);
        bool begin = fields.Bool("add_special_tokens") ?? false;
        List<int[]> prompts = [];
        if (json.ValueKind == JsonValueKind.Array && json.GetArrayLength() > 0 && json[0].ValueKind != JsonValueKind.Number)
        {
            if (json.GetArrayLength() > options.MaxChoices)
            {
                throw ApiException.Invalid(
                    Name, $"prompt holds {json.GetArrayLength()} prompts; this server answers up to {options.MaxChoices} at once.");
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

        foreach (int[] prompt in prompts)
        {
            PromptLimits.CheckLength(prompt.Length, Name, options);
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
