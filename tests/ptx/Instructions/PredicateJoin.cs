namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>How the result of a comparison is joined with a predicate.</summary>
internal enum PredicateJoin
{
    None,
    And,
    Or,
    Xor,
}
