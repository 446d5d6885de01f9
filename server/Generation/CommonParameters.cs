using System.Globalization;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>
/// The parameters that chats and completions share, OpenAI's and vLLM's extras, over what the model suggests. Ranges are the engine's
/// to check. It knows no prompt.
/// </summary>
internal static class CommonParameters
{
    /// <summary>Most alternatives a log probability may come with.</summary>
    public const int MaxTopLogprobs = 20;

    /// <summary>How tokens are drawn.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="defaults">What the model suggests.</param>
    /// <param name="logprobs">Alternatives wanted with each token; null for no log probabilities.</param>
    public static SamplingParams Sampling(RequestFields fields, GenerationDefaults defaults, int? logprobs) => new()
    {
        Temperature = fields.Float("temperature") ?? (defaults.DoSample ? (float)defaults.Temperature : 0),
        TopP = fields.Float("top_p") ?? (float)defaults.TopP,
        TopK = fields.Int("top_k") ?? defaults.TopK,
        MinP = fields.Float("min_p") ?? 0,
        RepetitionPenalty = fields.Float("repetition_penalty") ?? (float)defaults.RepetitionPenalty,
        PresencePenalty = fields.Float("presence_penalty") ?? 0,
        FrequencyPenalty = fields.Float("frequency_penalty") ?? 0,
        Seed = fields.Bits("seed"),
        LogitBias = Bias(fields),
        LogProbabilities = logprobs,
    };

    /// <summary>What ends an answer, how many there are, and how they are drawn.</summary>
    public static GenerationRequest Request(RequestFields fields, SamplingParams sampling, int choices, int? maxTokens) => new()
    {
        PromptIds = default,
        Sampling = sampling,
        MaxTokens = maxTokens,
        Choices = choices,
        StopStrings = Stops(fields),
        StopIds = fields.Ints("stop_token_ids") ?? [],
        IncludeStop = fields.Bool("include_stop_str_in_output") ?? false,
        IgnoreEos = fields.Bool("ignore_eos") ?? false,
        CacheSalt = fields.Text("cache_salt"),
    };

    /// <summary>Throws for an answer's text being wanted in a way that is not offered, and reads whether special tokens are hidden.</summary>
    public static bool SkipSpecial(RequestFields fields) => fields.Bool("skip_special_tokens") ?? true;

    private static IReadOnlyList<string> Stops(RequestFields fields)
    {
        IReadOnlyList<string> stops = fields.Texts("stop");
        // OpenAI's clients send an empty string for "none".
        return stops is [""] ? [] : stops;
    }

    private static Dictionary<int, float>? Bias(RequestFields fields)
    {
        if (fields["logit_bias"] is not JsonElement json)
        {
            return null;
        }

        if (json.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.WrongType("logit_bias", "an object of token ids and numbers", RequestFields.Kind(json));
        }

        Dictionary<int, float> bias = [];
        foreach (JsonProperty entry in json.EnumerateObject())
        {
            if (!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int id))
            {
                throw ApiException.Invalid("logit_bias", "The keys of logit_bias must be token ids, such as \"1234\".");
            }

            if (entry.Value.ValueKind != JsonValueKind.Number || !entry.Value.TryGetSingle(out float value))
            {
                throw ApiException.Invalid("logit_bias", $"logit_bias of token {id} must be a number from -100 to 100.");
            }

            bias[id] = value;
        }

        return bias;
    }
}
