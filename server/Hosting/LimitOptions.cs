namespace HunyuanOrleans.Server.Hosting;

/// <summary>The limits of one caller. 0 means no limit.</summary>
public sealed class LimitOptions
{
    /// <summary>Requests in progress at once. Default 256.</summary>
    public int MaxConcurrent { get; set; } = 256;

    /// <summary>Requests per minute, which is also the largest burst. Default 0.</summary>
    public int RequestsPerMinute { get; set; }

    /// <summary>
    /// Tokens of prompts and answers per minute. A request is admitted while any are left; its tokens are charged as they are computed.
    /// Default 0.
    /// </summary>
    public int TokensPerMinute { get; set; }
}
