namespace HunyuanOrleans.Engine.Requests;

/// <summary>
/// An append-only list with one writer and any number of readers. What was handed out stays valid when the list grows: growing
/// copies, and published entries never change.
/// </summary>
internal sealed class TokenLog<T>(int capacity)
{
    private volatile T[] _items = new T[capacity];
    private volatile int _count;

    /// <summary>Entries published.</summary>
    public int Count => _count;

    /// <summary>The entry at an index below <see cref="Count"/>.</summary>
    public T this[int index] => _items[index];

    /// <summary>Makes room, so that appending up to <paramref name="total"/> entries allocates nothing. Writer only.</summary>
    public void Reserve(int total)
    {
        if (_items.Length < total)
        {
            T[] larger = new T[total];
            _items.AsSpan(0, _count).CopyTo(larger);
            _items = larger;
        }
    }

    /// <summary>Adds an entry. Writer only.</summary>
    public void Append(T item)
    {
        if (_count == _items.Length)
        {
            Reserve(Math.Max(16, 2 * _count));
        }

        _items[_count] = item;
        _count++;
    }

    /// <summary>Adds entries. Writer only.</summary>
    public void Append(ReadOnlySpan<T> items)
    {
        Reserve(_count + items.Length);
        items.CopyTo(_items.AsSpan(_count));
        _count += items.Length;
    }

    /// <summary>Entries [start, end), end at most <see cref="Count"/>.</summary>
    public ReadOnlyMemory<T> Slice(int start, int end) => _items.AsMemory(start, end - start);
}
