namespace HunyuanOrleans.Engine.Kv;

/// <summary>
/// An ordered list of distinct block numbers with insertion and removal in constant time: a doubly linked list whose links are kept in
/// two arrays.
/// </summary>
internal sealed class BlockList
{
    private const int None = -1, Absent = -2;

    private readonly int[] _next;
    private readonly int[] _previous;
    private int _first = None;
    private int _last = None;

    /// <summary>Creates an empty list for block numbers 0 to capacity - 1.</summary>
    public BlockList(int capacity)
    {
        _next = new int[capacity];
        _previous = new int[capacity];
        Array.Fill(_next, Absent);
    }

    /// <summary>Number of blocks in the list.</summary>
    public int Count { get; private set; }

    /// <summary>The first block; -1 if the list is empty.</summary>
    public int First => _first;

    /// <summary>True if the block is in the list.</summary>
    public bool Contains(int block) => _next[block] != Absent;

    /// <summary>Adds a block at the end. It must not be in the list.</summary>
    public void AddLast(int block)
    {
        _next[block] = None;
        _previous[block] = _last;
        if (_last == None)
        {
            _first = block;
        }
        else
        {
            _next[_last] = block;
        }

        _last = block;
        Count++;
    }

    /// <summary>Removes a block. It must be in the list.</summary>
    public void Remove(int block)
    {
        int next = _next[block], previous = _previous[block];
        if (next == None)
        {
            _last = previous;
        }
        else
        {
            _previous[next] = previous;
        }

        if (previous == None)
        {
            _first = next;
        }
        else
        {
            _next[previous] = next;
        }

        _next[block] = Absent;
        Count--;
    }

    /// <summary>Removes and returns the first block; -1 if the list is empty.</summary>
    public int RemoveFirst()
    {
        int block = _first;
        if (block != None)
        {
            Remove(block);
        }

        return block;
    }
}
