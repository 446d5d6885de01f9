using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Engine.Sampling;

/// <summary>
/// The tokens that one answer must not continue with: its stop ids while it is shorter than min_tokens, and the ends of bad words. They follow from the
/// answer's tokens alone.
/// </summary>
internal sealed class TokenBans
{
    private readonly int[] _stopIds;
    private readonly int _minTokens;
    private readonly int[][] _badWords;
    private readonly int[] _banned;

    private TokenBans(int[] stopIds, int minTokens, int[][] badWords)
    {
        _stopIds = minTokens > 0 ? stopIds : [];
        _minTokens = minTokens;
        _badWords = badWords;
        _banned = new int[_stopIds.Length + badWords.Length];
    }

    /// <summary>Creates the bans of an answer; null if the request has none.</summary>
    /// <param name="request">The request.</param>
    /// <param name="stopIds">The ids that end the answer.</param>
    public static TokenBans? Create(GenerationRequest request, int[] stopIds)
    {
        int[][] badWords = request.Sampling.BadWords is { Count: > 0 } words ? [.. words.Select(static word => word.ToArray())] : [];
        return badWords.Length > 0 || (request.MinTokens > 0 && stopIds.Length > 0) ? new TokenBans(stopIds, request.MinTokens, badWords) : null;
    }

    /// <summary>The tokens that must not come next. The memory is reused by the next call.</summary>
    /// <param name="answer">The tokens of the answer so far.</param>
    public ReadOnlyMemory<int> After(ReadOnlySpan<int> answer)
    {
        int count = 0;
        if (answer.Length < _minTokens)
        {
            _stopIds.CopyTo(_banned, 0);
            count = _stopIds.Length;
        }

        foreach (int[] word in _badWords)
        {
            if (answer.EndsWith(word.AsSpan(0, word.Length - 1)))
            {
                _banned[count++] = word[^1];
            }
        }

        return _banned.AsMemory(0, count);
    }
}
