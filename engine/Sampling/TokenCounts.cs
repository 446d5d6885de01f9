namespace HunyuanOrleans.Engine.Sampling;

/// <summary>
/// The distinct tokens of one sequence with how often each occurs in its answer: what the penalties need. Grows by doubling, so
/// counting a token allocates nothing once it is large enough. It does not know the order of the tokens.
/// </summary>
internal sealed class TokenCounts
{
    private int[] _ids;
    private int[] _outputs;

    /// <summary>Open addressing over <see cref="_ids"/>: index + 1, 0 where free; a power of two, at most half full.</summary>
    private int[] _slots;

    /// <summary>Creates an empty table with room for so many distinct tokens.</summary>
    public TokenCounts(int capacity)
    {
        capacity = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(capacity, 16));
        _ids = new int[capacity];
        _outputs = new int[capacity];
        _slots = new int[2 * capacity];
    }

    /// <summary>Number of distinct tokens.</summary>
    public int Count { get; private set; }

    /// <summary>The distinct tokens, by first occurrence.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>Times each of <see cref="Ids"/> occurs in the answer; 0 for tokens of the prompt alone.</summary>
    public ReadOnlySpan<int> Outputs => _outputs.AsSpan(0, Count);

    /// <summary>Notes one occurrence.</summary>
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
            _outputs[_slots[slot] - 1]++;
        }
    }

    /// <summary>Fills an empty table with distinct tokens and how often each occurs in the answer.</summary>
    public void Fill(ReadOnlySpan<int> ids, ReadOnlySpan<int> outputs)
    {
        for (int i = 0; i < ids.Length; i++)
        {
            Add(ids[i], inAnswer: false);
            _outputs[Count - 1] = outputs[i];
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
        Array.Resize(ref _outputs, _ids.Length);
        _slots = new int[2 * _ids.Length];
        for (int i = 0; i < Count; i++)
        {
            _slots[Find(_ids[i])] = i + 1;
        }
    }
}
