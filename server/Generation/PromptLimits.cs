using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>The server's limits on the lengths of prompts and completions.</summary>
internal static class PromptLimits
{
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
    /// The completion length that the model suggests, limited by the context that the prompt leaves; null if it suggests none.
    /// </summary>
    public static int? DefaultMaxTokens(ServedModel model, int prompt) => model.Defaults.MaxNewTokens is int suggested
        ? Math.Max(1, Math.Min(suggested, model.Generator.Info.MaxContext - prompt))
        : null;
}
