using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Sampling;

namespace HunyuanOrleans.Grains.Messages;

/// <summary>The guessed tokens at the end of a slice; <see cref="DraftTokens"/> documents them.</summary>
/// <param name="Tokens">The tokens.</param>
/// <param name="Restrictions">For each of them, which tokens may follow it; null if those of the slice's sampling hold for all.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.drafts")]
public sealed record DraftMessage([property: Id(0)] int[] Tokens, [property: Id(1)] RestrictionMessage[]? Restrictions)
{
    /// <summary>Bytes of its arrays.</summary>
    internal long Bytes => ((long)Tokens.Length * sizeof(int)) + (Restrictions?.Sum(static restriction => restriction.Bytes) ?? 0);

    /// <summary>Creates the message of drafts; null if there are none.</summary>
    public static DraftMessage? Of(in DraftTokens drafts)
    {
        if (drafts.Count == 0)
        {
            return null;
        }

        RestrictionMessage[]? restrictions = drafts.Restrictions.IsEmpty ? null : new RestrictionMessage[drafts.Count];
        for (int i = 0; i < restrictions?.Length; i++)
        {
            // Tokens in the same place of a grammar may be followed by the same ones, such as those of a text in quotes.
            ref readonly TokenRestriction now = ref drafts.Restrictions.Span[i];
            bool same = i > 0 && now.Allowed.Span.SequenceEqual(drafts.Restrictions.Span[i - 1].Allowed.Span);
            restrictions[i] = new RestrictionMessage(
                same || now.Allowed.IsEmpty ? null : now.Allowed.ToArray(), now.Forbidden.IsEmpty ? null : now.Forbidden.ToArray(), same);
        }

        return new DraftMessage(drafts.Tokens.ToArray(), restrictions);
    }

    /// <summary>The drafts.</summary>
    public DraftTokens ToDrafts()
    {
        TokenRestriction[] restrictions = new TokenRestriction[Restrictions?.Length ?? 0];
        for (int i = 0; i < restrictions.Length; i++)
        {
            RestrictionMessage message = Restrictions![i];
            restrictions[i] = new TokenRestriction(message.SameAllowed && i > 0 ? restrictions[i - 1].Allowed : message.Allowed, message.Forbidden);
        }

        return new DraftTokens(Tokens, restrictions);
    }
}

/// <summary>Which tokens may be sampled for one position.</summary>
/// <param name="Allowed">The mask of allowed tokens; null allows all.</param>
/// <param name="Forbidden">Token ids that are forbidden all the same; null for none.</param>
/// <param name="SameAllowed">True if the mask is that of the draft before.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.restriction")]
public sealed record RestrictionMessage(
    [property: Id(0)] ulong[]? Allowed, [property: Id(1)] int[]? Forbidden, [property: Id(2)] bool SameAllowed)
{
    /// <summary>Bytes of its arrays.</summary>
    internal long Bytes => ((long)(Allowed?.Length ?? 0) * sizeof(ulong)) + ((long)(Forbidden?.Length ?? 0) * sizeof(int));
}
