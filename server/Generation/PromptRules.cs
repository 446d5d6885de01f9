using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>How long prompts and answers may be where the request does not say.</summary>
internal static class PromptRules
{
    /// <summary>Throws for a prompt longer than this server takes.</summary>
    public static void CheckLength(int tokens, string parameter, ServerOptions options)
    {
        if (options.MaxPromptTokens > 0 && tokens > options.MaxPromptTokens)
        {
            throw ApiException.Invalid(
                parameter, $"The prompt has {tokens} tokens; this server takes up to {options.MaxPromptTokens}.", "context_length_exceeded");
        }
    }

    /// <summary>What the model suggests, or fewer where its context ends before; null where it suggests nothing.</summary>
    public static int? DefaultMaxTokens(ServedModel model, int prompt) => model.Defaults.MaxNewTokens is int suggested
        ? Math.Max(1, Math.Min(suggested, model.Generator.Info.MaxContext - prompt))
        : null;
}
