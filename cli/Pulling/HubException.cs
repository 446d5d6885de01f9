using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>A hub did not give what was asked for; the message is enough for a user.</summary>
internal sealed class HubException(string message, Exception? cause = null) : ModelException(message, cause!)
{
    /// <summary>Whether the same request may succeed a little later.</summary>
    public bool Transient { get; init; }

    /// <summary>Whether the hub has nothing from the byte on that was asked for.</summary>
    public bool RangeRefused { get; init; }

    /// <summary>How long the hub asks to wait before that; null where it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
