namespace HunyuanOrleans.Grammar.Automata;

/// <summary>An edge of an <see cref="Nfa"/>: a byte range, a call, or an epsilon edge, which has an empty range and no callee.</summary>
/// <param name="Target">The state that the edge leads to.</param>
/// <param name="Low">Lowest byte of the range.</param>
/// <param name="High">Highest byte of the range; less than <paramref name="Low"/> if the edge reads no byte itself.</param>
/// <param name="Callee">The called rule, or null.</param>
/// <param name="Next">Index of the next edge of the same state, or -1.</param>
internal readonly record struct NfaEdge(int Target, byte Low, byte High, Rule? Callee, int Next)
{
    public bool ReadsByte => Low <= High;

    public bool IsEpsilon => Low > High && Callee is null;
}
