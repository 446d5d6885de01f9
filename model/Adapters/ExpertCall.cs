namespace HunyuanOrleans.Model.Adapters;

/// <summary>The rows of routed experts, ordered by expert.</summary>
/// <param name="layer">Layer number.</param>
/// <param name="firstExpert">Number of the first expert.</param>
/// <param name="counts">Rows of each expert.</param>
/// <param name="local">Whether each expert is computed here. Empty: all are.</param>
/// <param name="adapters">The adapter of each row; null: none.</param>
internal readonly ref struct ExpertCall(int layer, int firstExpert, ReadOnlySpan<int> counts, ReadOnlySpan<bool> local, ReadOnlySpan<LoraAdapter?> adapters)
{
    private readonly ReadOnlySpan<bool> _local = local;

    public int Layer { get; } = layer;

    public int FirstExpert { get; } = firstExpert;

    public ReadOnlySpan<int> Counts { get; } = counts;

    public ReadOnlySpan<LoraAdapter?> Adapters { get; } = adapters;

    /// <summary>Whether a group's expert is computed here.</summary>
    public bool IsLocal(int group) => _local.IsEmpty || _local[group];
}
