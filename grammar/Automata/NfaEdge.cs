namespace HunyuanOrleans.Grammar.Automata;

/// <summary>An edge of an <see cref="Nfa"/>: a byte range, a call, or (an empty range without a callee) nothing to read.</summary>
/// <param name="Target">Where it leads.</param>
/// <param name="Low">Lowest byte.</param>
/// <param name="High">Highest byte; below <paramref name="Low"/> where no byte is read.</param>
/// <param name="Callee">The rule called, or null.</param>
/// <param name="Next">The next edge of the same state, or -1.</param>
internal readonly record struct NfaEdge(int Target, byte Low, byte High, Rule? Callee, int Next)
{
    public bool ReadsByte => Low <= High;

    public bool ReadsNothing => Low > High && Callee is null;
}
