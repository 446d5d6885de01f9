using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>
/// The block tables of the sessions that shards know, so that a step carries only what is new of each. One thread. It does not know blocks' content.
/// </summary>
internal sealed class SessionTables
{
    private readonly Dictionary<long, Table> _tables = [];

    /// <summary>Sessions and their blocks, as far as they were sent.</summary>
    public IEnumerable<(long Session, int[] Blocks)> All => _tables.Select(static pair => (pair.Key, pair.Value.Blocks[..pair.Value.Count]));

    /// <summary>The message of a slice: all blocks that shards do not know for certain.</summary>
    public SliceMessage Describe(in SequenceSlice slice)
    {
        int known = 0;
        ReadOnlySpan<int> blocks = slice.Blocks.Span;
        if (_tables.TryGetValue(slice.Session, out Table? table) && table.Confirmed)
        {
            known = blocks[..Math.Min(table.Count, blocks.Length)].CommonPrefixLength(table.Blocks.AsSpan(0, table.Count));
        }

        return new SliceMessage(
            slice.Session, slice.Start, slice.Count, known, blocks[known..].ToArray(), slice.Sampling is null ? null : SamplingMessage.Of(slice.Sampling));
    }

    /// <summary>Notes that all shards have computed a step.</summary>
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

    /// <summary>Forgets sessions.</summary>
    public void Release(ReadOnlySpan<long> sessions)
    {
        foreach (long session in sessions)
        {
            _tables.Remove(session);
        }
    }

    /// <summary>Assumes that shards know no table: all of each is sent again.</summary>
    public void Distrust()
    {
        foreach (Table table in _tables.Values)
        {
            table.Confirmed = false;
        }
    }

    /// <summary>Forgets everything: all sessions begin anew.</summary>
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
