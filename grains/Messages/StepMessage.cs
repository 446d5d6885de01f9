namespace HunyuanOrleans.Grains.Messages;

/// <summary>
/// One step of the model on its way through the attention shards: the step's input and the residual stream so far. Epoch and number order the
/// steps, so that a shard recognises a step that arrives late or twice.
/// </summary>
[GenerateSerializer, Immutable, Alias("hunyuan.step")]
public sealed record StepMessage
{
    /// <summary>Epoch of the scheduler that sent the step; a later scheduler has a higher one.</summary>
    [Id(0)]
    public long Epoch { get; init; }

    /// <summary>Number of the scheduler's attempt; each attempt has a higher number than all before it.</summary>
    [Id(1)]
    public long Number { get; init; }

    /// <summary>Version of the route, which tells routers what expert table to use.</summary>
    [Id(2)]
    public long Version { get; init; }

    /// <summary>Keys of the attention shards, in the order of their layers.</summary>
    [Id(3)]
    public string[] Stages { get; init; } = [];

    /// <summary>Index in <see cref="Stages"/> of the shard that this message is for.</summary>
    [Id(4)]
    public int Stage { get; init; }

    /// <summary>Token ids of all rows for the first shard, empty for the others.</summary>
    [Id(5)]
    public int[] Tokens { get; init; } = [];

    /// <summary>The sequences, in the order of their rows.</summary>
    [Id(6)]
    public SliceMessage[] Slices { get; init; } = [];

    /// <summary>Sessions that no longer need their caches.</summary>
    [Id(7)]
    public long[] Released { get; init; } = [];

    /// <summary>The residual stream, float32 [rows, hidden], without the <see cref="RowsAhead"/>; null for the first shard.</summary>
    [Id(8)]
    public RowBytes? Rows { get; init; }

    /// <summary>True if the reply shall carry the logits too.</summary>
    [Id(9)]
    public bool WantsLogits { get; init; }

    /// <summary>Number of rows that were sent ahead in <see cref="StepRowsMessage"/>s; those in <see cref="Rows"/> follow them.</summary>
    [Id(10)]
    public int RowsAhead { get; init; }

    /// <summary>
    /// Numbers of the other attempts that were under way when this one was sent. Every earlier one that is not among them is over: a shard that has seen this
    /// step computes it no more, because the KV blocks that it writes may belong to other sequences by now.
    /// </summary>
    [Id(11)]
    public long[] InFlight { get; init; } = [];

    /// <summary>Number of rows.</summary>
    internal int RowCount
    {
        get
        {
            int rows = 0;
            foreach (SliceMessage slice in Slices)
            {
                rows += slice.Count;
            }

            return rows;
        }
    }

    /// <summary>The adapters of the step's rows; null if no row has one.</summary>
    [Id(12)]
    public AdapterMessage[]? Adapters { get; init; }
}

/// <summary>The rows of one sequence in a step.</summary>
/// <param name="Session">The sequence's session.</param>
/// <param name="Start">Position of its first row.</param>
/// <param name="Count">Number of rows.</param>
/// <param name="FirstBlock">Index in the session's block table of the first of <paramref name="Blocks"/>; shards know the entries before it.</param>
/// <param name="Blocks">KV block numbers.</param>
/// <param name="Sampling">How to sample a token after the last row that is no draft; null to sample none.</param>
/// <param name="Scoring">The rows whose log probabilities are wanted; null for none.</param>
/// <param name="Drafts">The guessed tokens of the last rows; null for none.</param>
/// <param name="Adapter">Number of its adapter in <see cref="StepMessage.Adapters"/>, counted from 1; 0 for none.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.slice")]
public sealed record SliceMessage(
    [property: Id(0)] long Session,
    [property: Id(1)] int Start,
    [property: Id(2)] int Count,
    [property: Id(3)] int FirstBlock,
    [property: Id(4)] int[] Blocks,
    [property: Id(5)] SamplingMessage? Sampling,
    [property: Id(6)] ScoringMessage? Scoring = null,
    [property: Id(7)] DraftMessage? Drafts = null,
    [property: Id(8)] int Adapter = 0)
{
    /// <summary>Number of rows whose logits are needed to sample.</summary>
    internal int SampledRows => Sampling is null ? 0 : 1 + (Drafts?.Tokens.Length ?? 0);

    /// <summary>Bytes of its arrays, which make up most of it.</summary>
    internal long Bytes => (((long)Blocks.Length + (Scoring?.Targets.Length ?? 0)) * sizeof(int)) + (Sampling?.Bytes ?? 0) + (Drafts?.Bytes ?? 0);
}
