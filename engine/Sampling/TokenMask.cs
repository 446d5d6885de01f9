namespace HunyuanOrleans.Engine.Sampling;

/// <summary>The tokens that a request allows in its answer, as a mask: bit id % 64 of word id / 64. Tokens past its end are forbidden.</summary>
internal sealed class TokenMask
{
    private readonly ulong[] _mask;
    private readonly ulong[] _common;

    /// <summary>Creates the mask of token ids.</summary>
    public TokenMask(IReadOnlyList<int> ids)
    {
        _mask = new ulong[(ids.Max() / 64) + 1];
        _common = new ulong[_mask.Length];
        foreach (int id in ids)
        {
            _mask[id / 64] |= 1UL << (id % 64);
        }
    }

    /// <summary>The mask.</summary>
    public ReadOnlyMemory<ulong> Tokens => _mask;

    /// <summary>The tokens that another mask allows too. The memory is reused by the next call.</summary>
    public ReadOnlyMemory<ulong> And(ReadOnlySpan<ulong> other)
    {
        for (int word = 0; word < _mask.Length; word++)
        {
            _common[word] = word < other.Length ? _mask[word] & other[word] : 0;
        }

        return _common;
    }
}
