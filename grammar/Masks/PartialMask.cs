using System.Numerics;
using System.Runtime.InteropServices;

namespace HunyuanOrleans.Grammar.Masks;

/// <summary>
/// The tokens that a state allows without its callers: those it can read whole, and the places where it ends inside a token, from
/// which its callers may go on. Immutable.
/// </summary>
internal sealed class PartialMask
{
    private readonly ulong[]? _dense;
    private readonly int[]? _few;

    /// <summary>Keeps a copy of the tokens found.</summary>
    /// <param name="tokens">The mask, bit id % 64 of word id / 64.</param>
    /// <param name="count">Bits set in it.</param>
    /// <param name="exits">Where it ends inside tokens; null where it does not.</param>
    public PartialMask(ReadOnlySpan<ulong> tokens, int count, NodeSet? exits)
    {
        Exits = exits;
        if (count > tokens.Length)
        {
            _dense = tokens.ToArray();
            return;
        }

        _few = new int[count];
        int at = 0;
        for (int word = 0; at < count; word++)
        {
            for (ulong bits = tokens[word]; bits != 0; bits &= bits - 1)
            {
                _few[at++] = (word * 64) + BitOperations.TrailingZeroCount(bits);
            }
        }
    }

    public NodeSet? Exits { get; }

    /// <summary>What it takes in memory, in bytes, about.</summary>
    public long Size => 200 + ((long)(_dense?.Length ?? 0) * sizeof(ulong)) + ((long)(_few?.Length ?? 0) * sizeof(int))
        + ((Exits?.Nodes.Length ?? 0) * sizeof(int));

    /// <summary>Adds its tokens to a mask.</summary>
    public void AddTo(Span<ulong> mask)
    {
        if (_few is { } few)
        {
            foreach (int id in few)
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
