namespace HunyuanOrleans.Server.Hosting;

/// <summary>What one caller may do. 0 means no limit.</summary>
public sealed class LimitOptions
{
    /// <summary>Requests in progress at once. Default 256.</summary>
    public int MaxConcurrent { get; set; } = 256;

    /// <summary>Requests per minute, also the most that may come at once. Default 0.</summary>
    public int RequestsPerMinute { get; set; }

    /// <summary>Tokens of prompts and answers per minute. A request is let in while any are left and charged when it ends. Default 0.</summary>
    public int TokensPerMinute { get; set; }
}
