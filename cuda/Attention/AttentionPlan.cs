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
    private int[] _tables = [];
    private int[] _keys = [];
    private int[] _order = [];
    private int _partials;

    // Units with more segments than this are divided into segments, or into groups of segments.
    private int _segmentThreshold;
    private int _groupThreshold;

    /// <summary>The units, those of the longest contexts first.</summary>
    public ReadOnlySpan<AttentionUnit> Units => CollectionsMarshal.AsSpan(_units);

    /// <summary>The merges.</summary>
    public ReadOnlySpan<AttentionUnit> Merges => CollectionsMarshal.AsSpan(_merges);

    /// <summary>Number of entries in the block tables: the places of the slices, slice by slice.</summary>
    public int TableEntries { get; private set; }

    /// <summary>Plans a batch in place of the last one.</summary>
    public void Build(AttentionBatch batch)
    {
        ReadOnlySpan<AttentionSlice> slices = batch.Slices;
        Clear(slices.Length);
        for (int i = 0; i < slices.Length; i++)
        {
            (_tables[i], _keys[i], _order[i]) = (TableEntries, -slices[i].Start - slices[i].Count, i);
            TableEntries += StepTables.PlaceOf(slices[i]);
        }

        ChooseThresholds(slices);
        Array.Sort(_keys, _order, 0, slices.Length);
        foreach (int i in _order.AsSpan(0, slices.Length))
        {
            for (int unit = UnitsOf(slices[i]) - 1; unit >= 0; unit--)
            {
                Add(slices[i], unit, _tables[i]);
            }
        }
    }

    private static int SegmentsOf(in AttentionSlice slice) => SegmentsTo(slice.Start + slice.Count - 1);

    private static int SegmentsTo(int position) => (position / AttentionKernels.SegmentPositions) + 1;

    private static int Parts(int segments, int ofPart) => (segments + ofPart - 1) / ofPart;

    private void Clear(int slices)
    {
        _units.Clear();
        _merges.Clear();
        (TableEntries, _partials) = (0, 0);
        if (slices > _order.Length)
        {
            int length = Math.Max(slices, 2 * _order.Length);
            (_tables, _keys, _order) = (new int[length], new int[length], new int[length]);
        }
    }

    private void Add(in AttentionSlice slice, int number, int table)
    {
        int first = number * AttentionKernels.TileRows;
        AttentionUnit unit = new()
        {
            FirstToken = slice.FirstRow,
            FirstRow = first,
            Rows = Math.Min(AttentionKernels.TileRows, (slice.Count * groupHeads) - first),
            Start = slice.Start,
            Table = table,
            Partial = -1,
        };
        int segments = SegmentsTo(slice.Start + ((unit.FirstRow + unit.Rows - 1) / groupHeads));
        unit.Segments = SegmentsOfPart(slice, segments);
        if (unit.Segments == AttentionUnit.AllSegments)
        {
            _units.Add(unit);
            return;
        }

        int parts = Parts(segments, unit.Segments);
        AttentionUnit merge = unit;
        (merge.Segment, merge.Partial) = (parts, _partials);
        _merges.Add(merge);
        for (int part = 0; part < parts; part++)
        {
            (unit.Segment, unit.Partial) = (part * unit.Segments, _partials + part);
            _units.Add(unit);
        }

        _partials += parts;
    }

    // The segments of each part of a unit. A unit of one part has no partial results.
    private int SegmentsOfPart(in AttentionSlice slice, int segments) =>
        UnitsOf(slice) > MaxSplitUnits ? AttentionUnit.AllSegments
        : segments > _segmentThreshold ? 1
        : segments > _groupThreshold ? AttentionKernels.GroupSegments
        : AttentionUnit.AllSegments;

    // If there is not enough room for the results of all segments, only the longest contexts are divided into segments and others into groups of them. If
    // that is still too much, only the longest are divided into groups.
    private void ChooseThresholds(ReadOnlySpan<AttentionSlice> slices)
    {
        int longest = 0;
        foreach (ref readonly AttentionSlice slice in slices)
        {
            longest = Math.Max(longest, SegmentsOf(slice));
        }

        (_segmentThreshold, _groupThreshold) = (1, AttentionKernels.GroupSegments);
        while (Partials(slices) > maxPartials)
        {
            if (_segmentThreshold < longest)
            {
                _segmentThreshold *= 2;
            }
            else
            {
                _groupThreshold *= 2;
            }
        }
    }

    private long Partials(ReadOnlySpan<AttentionSlice> slices)
    {
        long partials = 0;
        foreach (ref readonly AttentionSlice slice in slices)
        {
            int segments = SegmentsOf(slice);
            int ofPart = SegmentsOfPart(slice, segments);
            partials += ofPart == AttentionUnit.AllSegments ? 0 : (long)UnitsOf(slice) * Parts(segments, ofPart);
        }

        return partials;
    }

    private int UnitsOf(in AttentionSlice slice) => ((slice.Count * groupHeads) + AttentionKernels.TileRows - 1) / AttentionKernels.TileRows;
}
