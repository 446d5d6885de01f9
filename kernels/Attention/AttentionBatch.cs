namespace HunyuanOrleans.Kernels.Attention;

/// <summary>
/// The slices of a batch, divided into units of work once per step for all layers. Keep the object and reuse it: it allocates nothing once
/// it has grown.
/// </summary>
public sealed class AttentionBatch
{
    // Query rows that share one pass over the cache. More rows reuse each key more often but need more scratch memory.
    internal const int TileRows = 48;

    private readonly int _groupHeads;
    private readonly int _keyHeads;
    private AttentionSlice[] _slices = new AttentionSlice[8];
    private BlockRun[] _runs = new BlockRun[8];
    private Tile[] _tiles = new Tile[32];

    /// <summary>Creates an empty batch for models of this shape.</summary>
    /// <param name="heads">Query heads.</param>
    /// <param name="keyHeads">Key/value heads.</param>
    public AttentionBatch(int heads, int keyHeads)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(heads);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(keyHeads);
        ArgumentOutOfRangeException.ThrowIfNotEqual(heads % keyHeads, 0, nameof(heads));
        _groupHeads = heads / keyHeads;
        _keyHeads = keyHeads;
    }

    /// <summary>Number of rows in all slices.</summary>
    public int Rows { get; private set; }

    /// <summary>Number of slices.</summary>
    public int SliceCount { get; private set; }

    internal int GroupHeads => _groupHeads;

    internal int KeyHeads => _keyHeads;

    internal int BlockRunCount { get; private set; }

    internal int TileCount { get; private set; }

    /// <summary>The slices.</summary>
    public ReadOnlySpan<AttentionSlice> Slices => _slices.AsSpan(0, SliceCount);

    /// <summary>Empties the batch.</summary>
    public void Clear()
    {
        _slices.AsSpan(0, SliceCount).Clear();
        Rows = SliceCount = BlockRunCount = TileCount = 0;
    }

    /// <summary>Adds the rows of a sequence. Slices must follow each other without gaps.</summary>
    /// <exception cref="ArgumentException">The slice is empty, out of order, or its block table is too short.</exception>
    public void Add(in AttentionSlice slice)
    {
        long end = (long)slice.Start + slice.Count;
        if (slice.Count <= 0 || slice.Start < 0 || slice.FirstRow != Rows || (long)slice.Blocks.Length * KvBlocks.Positions < end)
        {
            throw new ArgumentException(
                $"A slice of {slice.Count} rows at row {slice.FirstRow} (expected {Rows}), positions {slice.Start} to {end}, with {slice.Blocks.Length} blocks.", nameof(slice));
        }

        int index = SliceCount;
        Append(ref _slices, index, slice);
        SliceCount++;
        Rows += slice.Count;

        // Runs end at block boundaries, so that a single worker writes the first position of a block, which clears it, and the rest in order.
        for (int row = 0; row < slice.Count;)
        {
            int count = Math.Min(slice.Count - row, KvBlocks.Positions - ((slice.Start + row) % KvBlocks.Positions));
            Append(ref _runs, BlockRunCount, new BlockRun(index, row, count));
            BlockRunCount++;
            row += count;
        }

        // The last tokens attend to the longest context. Their tiles come first, so that the last unit to finish is a short one.
        int tokens = Math.Max(1, TileRows / _groupHeads);
        int tiles = (slice.Count + tokens - 1) / tokens;
        for (int tile = tiles - 1; tile >= 0; tile--)
        {
            int first = (int)((long)slice.Count * tile / tiles);
            int next = (int)((long)slice.Count * (tile + 1) / tiles);
            for (int head = 0; head < _keyHeads; head++)
            {
                Append(ref _tiles, TileCount, new Tile(index, head, first, next - first));
                TileCount++;
            }
        }
    }

    internal ref readonly AttentionSlice Slice(int index) => ref _slices[index];

    internal ref readonly BlockRun BlockRunAt(int index) => ref _runs[index];

    internal ref readonly Tile TileAt(int index) => ref _tiles[index];

    private static void Append<T>(ref T[] array, int count, in T item)
    {
        if (count == array.Length)
        {
            Array.Resize(ref array, count * 2);
        }

        array[count] = item;
    }

    /// <summary>Rows [First, First + Count) of a slice, all in the same block.</summary>
    internal readonly record struct BlockRun(int Slice, int First, int Count);

    /// <summary>Rows [First, First + Count) of a slice against one key/value head.</summary>
    internal readonly record struct Tile(int Slice, int KeyHead, int First, int Count);
}
