using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>The server's limits on the lengths of prompts and completions.</summary>
internal static class PromptLimits
{
    private const string Truncate = "truncate_prompt_tokens";

    /// <summary>Throws if a prompt is longer than the options allow.</summary>
    public static void CheckLength(int tokens, string parameter, ServerOptions options)
    {
        if (options.MaxPromptTokens > 0 && tokens > options.MaxPromptTokens)
        {
            throw ApiException.Invalid(
                parameter, $"The prompt has {tokens} tokens; this server takes up to {options.MaxPromptTokens}.", "context_length_exceeded");
        }
    }

    /// <summary>
    /// Drops the beginning of a prompt that is longer than truncate_prompt_tokens, and checks the length of the rest. -1 leaves what fits the context
    /// together with the answer.
    /// </summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="parameter">The parameter that holds the prompt.</param>
    /// <param name="maxTokens">The most tokens of an answer; null for no limit.</param>
    /// <param name="fields">The request.</param>
    /// <param name="model">The served model.</param>
    /// <param name="options">The server's limits.</param>
    public static int[] Fit(int[] prompt, string parameter, int? maxTokens, RequestFields fields, ServedModel model, ServerOptions options)
    {
        if (fields.Int(Truncate, -1) is int most)
        {
            most = most switch
            {
                0 => throw ApiException.Invalid(Truncate, $"{Truncate} is 0; allowed: -1, or whole numbers from 1 on."),
                -1 => Math.Max(1, model.Generator.Info.MaxContext - Math.Max(1, maxTokens ?? 1)),
                _ => most,
            };
            prompt = prompt.Length <= most ? prompt : prompt[^most..];
        }

        CheckLength(prompt.Length, parameter, options);
        return prompt;
    }

    /// <summary>
    /// The completion length that the model suggests, limited by the context that the prompt leaves; null if it suggests none.
    /// </summary>
    public static int? DefaultMaxTokens(ServedModel model, int prompt) => model.Defaults.MaxNewTokens is int suggested
        ? Math.Max(1, Math.Min(suggested, model.Generator.Info.MaxContext - prompt))
        : null;
}
