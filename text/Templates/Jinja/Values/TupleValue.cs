namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>
/// A tuple. Its hash is computed at construction from the hashes of its items. Hashing on demand would recurse as deep as tuples nest.
/// </summary>
internal sealed class TupleValue : SequenceValue
{
    public TupleValue(List<Value> items)
        : base(items)
    {
        HashCode hash = default;
        Hash = 0;
        foreach (Value item in items)
        {
            if (KeyComparer.HashOf(item) is not { } part)
            {
                Hash = null;
                return;
            }

            hash.Add(part);
        }

        Hash = hash.ToHashCode();
    }

    /// <summary>The hash; null if an item is not hashable.</summary>
    public int? Hash { get; }

    public override string TypeName => "tuple";
}
