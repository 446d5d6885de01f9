using System.Runtime.CompilerServices;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// The merges of a tokenizer: for a pair of neighbouring tokens, the merged token and the rank. It is filled while the tokenizer loads and
/// only read afterwards.
/// </summary>
internal sealed class MergeTable
{
    /// <summary>The rank of a pair that does not merge.</summary>
    public const int NoRank = int.MaxValue;

    private Entry[] _entries = new Entry[1 << 12];
    private int _count;

    /// <summary>All pairs, in no order.</summary>
    public IEnumerable<(int Left, int Right, int Rank, int Merged)> Pairs =>
        _entries.Where(static entry => entry.Key != 0).Select(static entry => ((int)(entry.Key >> 32), (int)(uint)entry.Key - 1, entry.Rank, entry.Merged));

    /// <summary>Adds a pair. If the pair exists already, nothing changes. Pairs of lower rank merge first.</summary>
    public void Add(int left, int right, int rank, int merged)
    {
        if (_count * 2 >= _entries.Length)
        {
            Grow();
        }

        ulong key = Key(left, right);
        ref Entry entry = ref _entries[Slot(key)];
        if (entry.Key != 0)
        {
            return;
        }

        entry = new Entry { Key = key, Rank = rank, Merged = merged };
        _count++;
    }

    /// <summary>The rank of a pair; <see cref="NoRank"/> if it does not merge.</summary>
    public int Rank(int left, int right)
    {
        ref readonly Entry entry = ref _entries[Slot(Key(left, right))];
        return entry.Key == 0 ? NoRank : entry.Rank;
    }

    /// <summary>The token that a pair merges into. The pair must have a rank.</summary>
    public int Merged(int left, int right) => _entries[Slot(Key(left, right))].Merged;

    // A key is never 0, which marks an empty slot.
    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | ((uint)right + 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Slot(ulong key)
    {
        int mask = _entries.Length - 1;
        int slot = (int)((key * 0x9E3779B97F4A7C15) >> 32) & mask;
        while (_entries[slot].Key != key && _entries[slot].Key != 0)
        {
            slot = (slot + 1) & mask;
        }

        return slot;
    }

    private void Grow()
    {
        Entry[] old = _entries;
        _entries = new Entry[old.Length * 2];
        foreach (Entry entry in old)
        {
            if (entry.Key != 0)
            {
                _entries[Slot(entry.Key)] = entry;
            }
        }
    }

    private struct Entry
    {
        public ulong Key;
        public int Rank;
        public int Merged;
    }
}
