using System.Globalization;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>
/// Reads the parameters that chat and text completions share: OpenAI's and vLLM's extensions. The model's suggestions are the defaults. The
/// engine checks the ranges.
/// </summary>
internal static class CommonParameters
{
    /// <summary>The most alternatives per token that a request may ask for.</summary>
    public const int MaxTopLogprobs = 20;

    /// <summary>Reads the sampling parameters.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="defaults">The model's suggestions.</param>
    /// <param name="logprobs">The number of alternatives per token; null for no log probabilities.</param>
    public static SamplingParams ReadSampling(RequestFields fields, GenerationDefaults defaults, int? logprobs)
    {
        SamplingParams sampling = ReadGivenSampling(fields, defaults, logprobs);

        // Clients that ask for temperature 0 often send top_p 0 with it. The filters have no effect on the most probable token.
        return fields["temperature"] is not null && sampling is { IsGreedy: true, Temperature: >= 0 } ? sampling with { TopP = 1, TopK = 0, MinP = 0 } : sampling;
    }

    private static SamplingParams ReadGivenSampling(RequestFields fields, GenerationDefaults defaults, int? logprobs) => new()
    {
        Temperature = fields.Float("temperature") ?? (defaults.DoSample ? (float)defaults.Temperature : 0),
        TopP = fields.Float("top_p") ?? (float)defaults.TopP,
        TopK = fields.Int("top_k") ?? defaults.TopK,
        MinP = fields.Float("min_p") ?? 0,
        RepetitionPenalty = fields.Float("repetition_penalty") ?? (float)defaults.RepetitionPenalty,
        PresencePenalty = fields.Float("presence_penalty") ?? 0,
        FrequencyPenalty = fields.Float("frequency_penalty") ?? 0,
        Seed = fields.UInt64("seed"),
        LogitBias = Bias(fields),
        LogProbabilities = logprobs,
    };

    /// <summary>Reads the stop conditions, and returns an engine request without its prompt.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="sampling">The sampling parameters.</param>
    /// <param name="choices">The number of answers.</param>
    /// <param name="maxTokens">The most tokens of an answer; null for as many as fit.</param>
    /// <param name="options">The server's options.</param>
    public static GenerationRequest ReadRequest(RequestFields fields, SamplingParams sampling, int choices, int? maxTokens, ServerOptions options)
    {
        UnsupportedFields.Refuse(fields);
        return new GenerationRequest
        {
            PromptIds = default,
            Sampling = sampling,
            MaxTokens = maxTokens,
            Choices = choices,
            MinTokens = fields.Int("min_tokens", 0) ?? 0,
            StopStrings = Stops(fields),
            StopIds = fields.Ints("stop_token_ids") ?? [],
            IncludeStop = fields.Bool("include_stop_str_in_output") ?? false,
            IgnoreEos = fields.Bool("ignore_eos") ?? false,
            CacheSalt = fields.Text("cache_salt"),
            Priority = Priority(fields, options),
        };
    }

    /// <summary>Reads for how many alternatives the log probabilities of the prompt are requested; null for none.</summary>
    public static int? ReadPromptLogprobs(RequestFields fields, bool stream)
    {
        int? alternatives = fields.Int("prompt_logprobs", 0, MaxTopLogprobs);
        return alternatives is null || !stream
            ? alternatives
            : throw ApiException.Invalid("prompt_logprobs", "prompt_logprobs is allowed only where stream is false.", "unsupported_value");
    }

    /// <summary>Reads whether special tokens are omitted from the text.</summary>
    public static bool ReadSkipSpecial(RequestFields fields) => fields.Bool("skip_special_tokens") ?? true;

    private static int Priority(RequestFields fields, ServerOptions options)
    {
        int priority = fields.Int("priority") ?? 0;
        return priority == 0 || options.AllowPriority
            ? priority
            : throw ApiException.Invalid("priority", $"priority is {priority}; this server allows only 0. Its setting AllowPriority turns priorities on.", "unsupported_value");
    }

    private static IReadOnlyList<string> Stops(RequestFields fields)
    {
        IReadOnlyList<string> stops = fields.Texts("stop");
        // OpenAI's clients send an empty string for "no stop strings".
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
            throw ApiException.InvalidType("logit_bias", "an object of token ids and numbers", RequestFields.Kind(json));
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
