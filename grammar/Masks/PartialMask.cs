using System.Numerics;
using System.Runtime.InteropServices;

namespace HunyuanOrleans.Grammar.Masks;

/// <summary>
/// The tokens that a state allows regardless of its callers, and the trie nodes at which its rule may end inside a token, so that the
/// callers may continue from there. Immutable.
/// </summary>
internal sealed class PartialMask
{
    private readonly ulong[]? _dense;
    private readonly int[]? _sparse;

    /// <summary>Creates a partial mask with a copy of the tokens, sparse if they are few.</summary>
    /// <param name="tokens">The mask: token id is bit id % 64 of word id / 64.</param>
    /// <param name="count">Number of bits set in the mask.</param>
    /// <param name="exits">The nodes at which the rule may end inside a token; null if there are none.</param>
    public PartialMask(ReadOnlySpan<ulong> tokens, int count, TrieNodeSet? exits)
    {
        Exits = exits;
        if (count > tokens.Length)
        {
            _dense = tokens.ToArray();
            return;
        }

        _sparse = new int[count];
        int at = 0;
        for (int word = 0; at < count; word++)
        {
            for (ulong bits = tokens[word]; bits != 0; bits &= bits - 1)
            {
                _sparse[at++] = (word * 64) + BitOperations.TrailingZeroCount(bits);
            }
        }
    }

    /// <summary>The nodes at which the rule may end inside a token; null if there are none.</summary>
    public TrieNodeSet? Exits { get; }

    /// <summary>Estimated memory use in bytes.</summary>
    public long EstimatedBytes => 200 + ((long)(_dense?.Length ?? 0) * sizeof(ulong)) + ((long)(_sparse?.Length ?? 0) * sizeof(int))
        + ((Exits?.Nodes.Length ?? 0) * sizeof(int));

    /// <summary>Adds the tokens to a mask.</summary>
    public void AddTo(Span<ulong> mask)
    {
        if (_sparse is { } sparse)
        {
            foreach (int id in sparse)
            {
                mask[id / 64] |= 1UL << (id % 64);
            }

            return;
        }

        ReadOnlySpan<ulong> dense = _dense;
        Span<Vector<ulong>> to = MemoryMarshal.Cast<ulong, Vector<ulong>>(mask);
        ReadOnlySpan<Vector<ulong>> from = MemoryMarshal.Cast<ulong, Vector<ulong>>(dense);
        for (int i = 0; i < from.Length; i++)
        {
            to[i] |= from[i];
        }

        for (int i = from.Length * Vector<ulong>.Count; i < dense.Length; i++)
        {
            mask[i] |= dense[i];
        }
    }
}
