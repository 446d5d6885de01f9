using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Kernels;
using HunyuanOrleans.Kernels.Attention;

namespace HunyuanOrleans.Cuda.Attention;

/// <summary>Divides the rows of a batch into units of work for warps. The division decides about speed only, never about results. Not thread-safe.</summary>
/// <param name="groupHeads">Query heads for each key/value head.</param>
/// <param name="maxPartials">
/// The most partial results for each key/value head. More give more warps to few sequences; fewer take less memory.
/// </param>
internal sealed class AttentionPlan(int groupHeads, int maxPartials)
{
    // Sequences with more units than this occupy the device without being divided into segments.
    private const int MaxSplitUnits = 8;

    private readonly List<AttentionUnit> _units = [];
    private readonly List<AttentionUnit> _merges = [];

    /// <summary>The units, those of the longest contexts first.</summary>
    public ReadOnlySpan<AttentionUnit> Units => CollectionsMarshal.AsSpan(_units);

    /// <summary>The merges.</summary>
    public ReadOnlySpan<AttentionUnit> Merges => CollectionsMarshal.AsSpan(_merges);

    /// <summary>Number of entries in the block tables: those that the slices use, slice by slice.</summary>
    public int TableEntries { get; private set; }

    /// <summary>Entries of a slice in the block tables.</summary>
    public static int TableEntriesOf(in AttentionSlice slice) => (slice.Start + slice.Count + KvLayout.Positions - 1) / KvLayout.Positions;

    /// <summary>Plans a batch in place of the last one.</summary>
    public void Build(AttentionBatch batch)
    {
        _units.Clear();
        _merges.Clear();
        ReadOnlySpan<AttentionSlice> slices = batch.Slices;
        int[] tables = new int[slices.Length];
        TableEntries = 0;
        for (int i = 0; i < slices.Length; i++)
        {
            tables[i] = TableEntries;
            TableEntries += TableEntriesOf(slices[i]);
        }

        int threshold = SplitThreshold(slices);
        foreach (int i in LongestFirst(slices))
        {
            for (int unit = UnitsOf(slices[i]) - 1; unit >= 0; unit--)
            {
                Add(slices[i], unit, tables[i], threshold);
            }
        }
    }

    private static int SegmentsOf(in AttentionUnit unit, int groupHeads) =>
        ((unit.Start + ((unit.FirstRow + unit.Rows - 1) / groupHeads)) / AttentionKernels.SegmentPositions) + 1;

    private void Add(in AttentionSlice slice, int number, int table, int threshold)
    {
        int first = number * AttentionKernels.TileRows;
        AttentionUnit unit = new()
        {
            FirstToken = slice.FirstRow,
            FirstRow = first,
            Rows = Math.Min(AttentionKernels.TileRows, (slice.Count * groupHeads) - first),
            Start = slice.Start,
            Table = table,
            Segment = -1,
            Partial = -1,
        };
        int segments = SegmentsOf(unit, groupHeads);
        if (UnitsOf(slice) > MaxSplitUnits || segments <= threshold)
        {
            _units.Add(unit);
            return;
        }

        AttentionUnit merge = unit;
        (merge.Segment, merge.Partial) = (segments, _merges.Count == 0 ? 0 : _merges[^1].Partial + _merges[^1].Segment);
        _merges.Add(merge);
        for (int segment = 0; segment < segments; segment++)
        {
            (unit.Segment, unit.Partial) = (segment, merge.Partial + segment);
            _units.Add(unit);
        }
    }

    // Units with more segments than this are divided. If there is not enough room for the results, only the longest are.
    private int SplitThreshold(ReadOnlySpan<AttentionSlice> slices)
    {
        int threshold = 1;
        while (PartialsAbove(threshold, slices) > maxPartials)
        {
            threshold *= 2;
        }

        return threshold;
    }

    private long PartialsAbove(int threshold, ReadOnlySpan<AttentionSlice> slices)
    {
        long partials = 0;
        foreach (ref readonly AttentionSlice slice in slices)
        {
            int segments = ((slice.Start + slice.Count - 1) / AttentionKernels.SegmentPositions) + 1;
            partials += UnitsOf(slice) > MaxSplitUnits || segments <= threshold ? 0 : (long)UnitsOf(slice) * segments;
        }

        return partials;
    }

    private static int[] LongestFirst(ReadOnlySpan<AttentionSlice> slices)
    {
        int[] keys = new int[slices.Length];
        int[] order = new int[slices.Length];
        for (int i = 0; i < slices.Length; i++)
        {
            (keys[i], order[i]) = (-slices[i].Start - slices[i].Count, i);
        }

        Array.Sort(keys, order);
        return order;
    }

    private int UnitsOf(in AttentionSlice slice) => ((slice.Count * groupHeads) + AttentionKernels.TileRows - 1) / AttentionKernels.TileRows;
}
