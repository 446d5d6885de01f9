using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Masks;

/// <summary>
/// A set of nodes of the <see cref="TokenTrie"/>, with the partial masks found so far for the tokens that continue from these nodes.
/// </summary>
/// <param name="nodes">The nodes, in ascending order.</param>
internal sealed class TrieNodeSet(int[] nodes)
{
    public ReadOnlySpan<int> Nodes => nodes;

    /// <summary>True if the set is the root alone, where all tokens begin.</summary>
    public bool IsRoot => nodes is [0];

    /// <summary>Cached partial masks by the state that continues from these nodes.</summary>
    public Dictionary<PushdownState, PartialMask> Masks { get; } = [];
}
