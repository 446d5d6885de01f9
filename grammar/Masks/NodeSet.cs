using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Masks;

/// <summary>
/// Places in the <see cref="TokenTrie"/> from which tokens go on, with the masks found from there so far, by the state that goes on.
/// </summary>
/// <param name="nodes">The places, in order.</param>
internal sealed class NodeSet(int[] nodes)
{
    public ReadOnlySpan<int> Nodes => nodes;

    /// <summary>True for the beginning of all tokens.</summary>
    public bool IsRoot => nodes is [0];

    public Dictionary<PushdownState, PartialMask> Masks { get; } = [];
}
