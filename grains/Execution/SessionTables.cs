using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>
/// The block tables that the shards know of each session, so that a step carries only the new entries. Not thread-safe.
/// </summary>
internal sealed class SessionTables
{
    private readonly Dictionary<long, Table> _tables = [];

    /// <summary>The sessions and the blocks of each that were sent.</summary>
    public IEnumerable<(long Session, int[] Blocks)> All => _tables.Select(static pair => (pair.Key, pair.Value.Blocks[..pair.Value.Count]));

    /// <summary>Creates the message of a slice with all blocks that the shards may not know.</summary>
    /// <param name="slice">The slice.</param>
    /// <param name="adapter">Number of its adapter in the step, counted from 1; 0 for none.</param>
    public SliceMessage Describe(in SequenceSlice slice, int adapter)
    {
        int known = 0;
        ReadOnlySpan<int> blocks = slice.Blocks.Span;
        if (_tables.TryGetValue(slice.Session, out Table? table) && table.Confirmed)
        {
            known = blocks[..Math.Min(table.Count, blocks.Length)].CommonPrefixLength(table.Blocks.AsSpan(0, table.Count));
        }

        return new SliceMessage(
            slice.Session,
            slice.Start,
            slice.Count,
            known,
            blocks[known..].ToArray(),
            slice.Sampling is null ? null : SamplingMessage.Of(slice.Sampling),
            ScoringMessage.Of(slice.Scoring),
            DraftMessage.Of(slice.Drafts),
            adapter);
    }

    /// <summary>Records that all shards have computed a step.</summary>
    public void Confirm(StepBatch batch)
    {
        foreach (ref readonly SequenceSlice slice in batch.Slices)
        {
            if (!_tables.TryGetValue(slice.Session, out Table? table))
            {
                _tables[slice.Session] = table = new Table();
            }

            table.Set(slice.Blocks.Span);
        }
    }

    /// <summary>Removes sessions.</summary>
    public void Release(ReadOnlySpan<long> sessions)
    {
        foreach (long session in sessions)
        {
            _tables.Remove(session);
        }
    }

    /// <summary>Assumes that the shards know no table, so that each is sent again as a whole.</summary>
    public void Invalidate()
    {
        foreach (Table table in _tables.Values)
        {
            table.Confirmed = false;
        }
    }

    /// <summary>Removes all sessions.</summary>
    public void Clear() => _tables.Clear();

    private sealed class Table
    {
        public int[] Blocks { get; private set; } = [];

        public int Count { get; private set; }

        public bool Confirmed { get; set; }

        public void Set(ReadOnlySpan<int> blocks)
        {
            if (Blocks.Length < blocks.Length)
            {
                Blocks = new int[Math.Max(blocks.Length, 2 * Blocks.Length)];
                Count = 0;
            }

            int known = Confirmed ? Count : 0;
            blocks[Math.Min(known, blocks.Length)..].CopyTo(Blocks.AsSpan(Math.Min(known, blocks.Length)));
            Count = blocks.Length;
            Confirmed = true;
        }
    }
}
