namespace HunyuanOrleans.Engine.Sampling;

/// <summary>The tokens that may be sampled for one position.</summary>
/// <param name="Allowed">The mask of allowed tokens: bit id % 64 of word id / 64; empty allows all.</param>
/// <param name="Forbidden">Token ids that are forbidden all the same.</param>
public readonly record struct TokenRestriction(ReadOnlyMemory<ulong> Allowed, ReadOnlyMemory<int> Forbidden)
{
    /// <summary>True if a token may be sampled.</summary>
    public bool Permits(int token)
    {
        ReadOnlySpan<ulong> mask = Allowed.Span;
        bool allowed = mask.IsEmpty || (token / 64 < mask.Length && (mask[token / 64] & (1UL << (token % 64))) != 0);
        return allowed && !Forbidden.Span.Contains(token);
    }
}
