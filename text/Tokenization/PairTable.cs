using System.Runtime.CompilerServices;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// Which two neighbouring tokens merge into which, and how early. Filled while a tokenizer loads, then only read. Knows nothing of
/// bytes or text.
/// </summary>
internal sealed class PairTable
{
    /// <summary>The rank of a pair that does not merge.</summary>
    public const int NoRank = int.MaxValue;

    private Entry[] entries = new Entry[1 << 12];
    private int count;

    /// <summary>Adds a pair; the first of two equal pairs stays. Ranks merge lowest first.</summary>
    public void Add(int left, int right, int rank, int merged)
    {
        if (count * 2 >= entries.Length)
        {
            Grow();
        }

        ulong key = Key(left, right);
        ref Entry entry = ref entries[Slot(key)];
        if (entry.Key != 0)
        {
            return;
        }

        entry = new Entry { Key = key, Rank = rank, Merged = merged };
        count++;
    }

    /// <summary>The rank of a pair, <see cref="NoRank"/> where it does not merge.</summary>
    public int Rank(int left, int right)
    {
        ref readonly Entry entry = ref entries[Slot(Key(left, right))];
        return entry.Key == 0 ? NoRank : entry.Rank;
    }

    /// <summary>What a pair merges into; only for a pair that has a rank.</summary>
    public int Merged(int left, int right) => entries[Slot(Key(left, right))].Merged;

    // Never 0, which marks an empty slot.
    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | ((uint)right + 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Slot(ulong key)
    {
        int mask = entries.Length - 1;
        int slot = (int)((key * 0x9E3779B97F4A7C15) >> 32) & mask;
        while (entries[slot].Key != key && entries[slot].Key != 0)
        {
            slot = (slot + 1) & mask;
        }

        return slot;
    }

    private void Grow()
    {
        Entry[] old = entries;
        entries = new Entry[old.Length * 2];
        foreach (Entry entry in old)
        {
            if (entry.Key != 0)
            {
                entries[Slot(entry.Key)] = entry;
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
