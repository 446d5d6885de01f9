using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>A request to a hub failed. The message alone tells the user what is wrong.</summary>
internal sealed class HubException(string message, Exception? cause = null) : ModelException(message, cause!)
{
    /// <summary>Whether the same request may succeed if it is retried.</summary>
    public bool Transient { get; init; }

    /// <summary>Whether the hub refused the requested byte range.</summary>
    public bool RangeRefused { get; init; }

    /// <summary>How long the hub asks to wait before a retry; null if it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
