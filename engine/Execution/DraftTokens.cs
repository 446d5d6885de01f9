using HunyuanOrleans.Engine.Sampling;

namespace HunyuanOrleans.Engine.Execution;

/// <summary>
/// The tokens at the end of a slice that are guesses: the executor computes their rows with the others, and accepts each as long as it equals the token
/// that is sampled for its position. A guess that differs is rejected with all after it, and their keys and values are overwritten by a later step.
/// </summary>
/// <param name="Tokens">The guessed tokens, the last ones of the slice; empty if there are none. They must not change during the step.</param>
/// <param name="Restrictions">
/// For each of them, which tokens may follow it; empty if those of the sampling state hold for all of them. They must not change during the step.
/// </param>
public readonly record struct DraftTokens(ReadOnlyMemory<int> Tokens, ReadOnlyMemory<TokenRestriction> Restrictions)
{
    /// <summary>Number of guessed tokens.</summary>
    public int Count => Tokens.Length;
}
