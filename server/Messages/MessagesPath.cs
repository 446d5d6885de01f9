using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Messages;

/// <summary>The paths of Anthropic's API. Errors there have Anthropic's form, and keys may be in Anthropic's header.</summary>
internal static class MessagesPath
{
    /// <summary>The path of messages; the others are below it.</summary>
    public const string Messages = "/v1/messages";

    /// <summary>The path that counts the tokens of a request.</summary>
    public const string CountTokens = Messages + "/count_tokens";

    /// <summary>Anthropic's header for keys.</summary>
    public const string KeyHeader = "x-api-key";

    /// <summary>Anthropic's header for the id of a request.</summary>
    public const string IdHeader = "request-id";

    /// <summary>Whether a path belongs to Anthropic's API.</summary>
    public static bool Includes(PathString path) => path.StartsWithSegments(Messages);
}
