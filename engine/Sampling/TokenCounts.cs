namespace HunyuanOrleans.Engine.Sampling;

/// <summary>
/// Counts how often each distinct token of a sequence occurs in its answer, for the penalties. The table grows by doubling, so counting
/// allocates nothing once it is large enough.
/// </summary>
internal sealed class TokenCounts
{
    private int[] _ids;
    private int[] _answerCounts;

    /// <summary>
    /// Hash table with open addressing: index + 1 into <see cref="_ids"/>, or 0 if free. Its length is a power of two, and it is at most
    /// half full.
    /// </summary>
    private int[] _slots;

    /// <summary>Creates an empty table for a number of distinct tokens.</summary>
    public TokenCounts(int capacity)
    {
        capacity = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(capacity, 16));
        _ids = new int[capacity];
        _answerCounts = new int[capacity];
        _slots = new int[2 * capacity];
    }

    /// <summary>Number of distinct tokens.</summary>
    public int Count { get; private set; }

    /// <summary>The distinct tokens in order of first occurrence.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>How often each of <see cref="Ids"/> occurs in the answer; 0 for tokens that are only in the prompt.</summary>
    public ReadOnlySpan<int> AnswerCounts => _answerCounts.AsSpan(0, Count);

    /// <summary>Counts one occurrence.</summary>
    /// <param name="id">The token.</param>
    /// <param name="inAnswer">False for a token of the prompt.</param>
    public void Add(int id, bool inAnswer)
    {
        int slot = Find(id);
        if (_slots[slot] == 0)
        {
            if (Count == _ids.Length)
            {
                Grow();
                slot = Find(id);
            }

            _ids[Count++] = id;
            _slots[slot] = Count;
        }

        if (inAnswer)
        {
            _answerCounts[_slots[slot] - 1]++;
        }
    }

    /// <summary>Fills an empty table with distinct tokens and their counts in the answer.</summary>
    public void Fill(ReadOnlySpan<int> ids, ReadOnlySpan<int> answerCounts)
    {
        for (int i = 0; i < ids.Length; i++)
        {
            Add(ids[i], inAnswer: false);
            _answerCounts[Count - 1] = answerCounts[i];
        }
    }

    /// <summary>Gets how often a token occurs in the answer. Returns false if the sequence does not contain it.</summary>
    public bool TryGetAnswerCount(int id, out int count)
    {
        int entry = _slots[Find(id)];
        count = entry == 0 ? 0 : _answerCounts[entry - 1];
        return entry != 0;
    }

    /// <summary>Takes back the last occurrences in the answer.</summary>
    /// <param name="ids">The tokens.</param>
    /// <param name="count"><see cref="Count"/> before they were added.</param>
    public void Rewind(ReadOnlySpan<int> ids, int count)
    {
        foreach (int id in ids)
        {
            _answerCounts[_slots[Find(id)] - 1]--;
        }

        // The last token to be inserted is at the end of its chain of slots, so freeing its slot cuts no other chain.
        while (Count > count)
        {
            _slots[Find(_ids[Count - 1])] = 0;
            Count--;
        }
    }

    private int Find(int id)
    {
        int mask = _slots.Length - 1;
        int slot = (int)((uint)id * 2654435769u >> 7) & mask;
        while (_slots[slot] is int entry && entry != 0 && _ids[entry - 1] != id)
        {
            slot = (slot + 1) & mask;
        }

        return slot;
    }

    private void Grow()
    {
        Array.Resize(ref _ids, 2 * _ids.Length);
        Array.Resize(ref _answerCounts, _ids.Length);
        _slots = new int[2 * _ids.Length];
        for (int i = 0; i < Count; i++)
        {
            _slots[Find(_ids[i])] = i + 1;
        }
    }
}
