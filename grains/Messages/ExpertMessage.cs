namespace HunyuanOrleans.Grains.Messages;

/// <summary>The rows of one layer that one expert group computes.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="FirstExpert">The expert that the first count belongs to.</param>
/// <param name="Counts">Number of rows of each expert, from <paramref name="FirstExpert"/> on.</param>
/// <param name="Rows">[hidden states, hidden] in the element type of the compute mode. A token's hidden state comes once, whichever experts it goes to.</param>
/// <param name="Sources">For each row, ordered by expert, which hidden state it is; empty if the hidden states are the rows.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.expert")]
public sealed record ExpertMessage(
    [property: Id(0)] int Layer,
    [property: Id(1)] int FirstExpert,
    [property: Id(2)] int[] Counts,
    [property: Id(3)] RowBytes Rows,
    [property: Id(4)] int[] Sources)
{
    /// <summary>The adapters of the rows; null if none of them changes the layer's experts.</summary>
    [Id(5)]
    public AdapterMessage[]? Adapters { get; init; }

    /// <summary>For each row the number of its adapter in <see cref="Adapters"/>, counted from 1; 0 for none. Null without adapters.</summary>
    [Id(6)]
    public int[]? AdapterOfRow { get; init; }
}

/// <summary>The outputs of the experts.</summary>
/// <param name="Rows">[rows, hidden] in the element type of the compute mode, in the order of the request's rows.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.expert.reply")]
public sealed record ExpertReply([property: Id(0)] RowBytes Rows)
{
    /// <summary>True if nothing was computed because the silo still loads an adapter: the same call must be made again when it has loaded it.</summary>
    [Id(1)]
    public bool IsLoading { get; init; }
}
