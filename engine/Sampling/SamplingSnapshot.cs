using HunyuanOrleans.Contracts.Requests;
namespace HunyuanOrleans.Engine.Sampling;

/// <summary>
/// A <see cref="SamplingState"/> as plain values, to send to another process, where the restored state draws the same token. See
/// <see cref="SamplingState.Capture"/>.
/// </summary>
public sealed record SamplingSnapshot
{
    /// <summary>The sampling parameters; the same object as the state's.</summary>
    public required SamplingParams Parameters { get; init; }

    /// <summary>The effective seed.</summary>
    public ulong Seed { get; init; }

    /// <summary>Position in the sequence of the token to draw next.</summary>
    public int Position { get; init; }

    /// <summary>The distinct tokens of the sequence; null if no penalty needs them.</summary>
    public int[]? CountIds { get; init; }

    /// <summary>
    /// How often each of <see cref="CountIds"/> occurs in the answer, 0 for tokens that are only in the prompt. Null if
    /// <see cref="CountIds"/> is null.
    /// </summary>
    public int[]? CountsInAnswer { get; init; }

    /// <summary>The mask of tokens that may be drawn next, bit id % 64 of word id / 64; null allows all.</summary>
    public ulong[]? Allowed { get; init; }

    /// <summary>Token ids that must not be drawn next; null for none.</summary>
    public int[]? Forbidden { get; init; }
}
