namespace HunyuanOrleans.Engine.Requests;

/// <summary>
/// An append-only list for one writer and any number of readers. Slices stay valid when the list grows, because growing copies the entries
/// and published entries never change.
/// </summary>
internal sealed class TokenLog<T>(int capacity)
{
    private volatile T[] _items = new T[capacity];
    private volatile int _count;

    /// <summary>Number of published entries.</summary>
    public int Count => _count;

    /// <summary>The entry at an index below <see cref="Count"/>.</summary>
    public T this[int index] => _items[index];

    /// <summary>Reserves memory so that appending up to <paramref name="total"/> entries allocates nothing. Only for the writer.</summary>
    public void Reserve(int total)
    {
        if (_items.Length < total)
        {
            T[] larger = new T[total];
            _items.AsSpan(0, _count).CopyTo(larger);
            _items = larger;
        }
    }

    /// <summary>Adds an entry. Only for the writer.</summary>
    public void Append(T item)
    {
        if (_count == _items.Length)
        {
            Reserve(Math.Max(16, 2 * _count));
        }

        _items[_count] = item;
        _count++;
    }

    /// <summary>Adds entries. Only for the writer.</summary>
    public void Append(ReadOnlySpan<T> items)
    {
        Reserve(_count + items.Length);
        items.CopyTo(_items.AsSpan(_count));
        _count += items.Length;
    }

    /// <summary>
    /// Memory behind the last entry, where the next <paramref name="count"/> entries will be: a place for guesses. Readers do not see it, and appending
    /// overwrites it. Only for the writer.
    /// </summary>
    public Memory<T> Ahead(int count)
    {
        if (_items.Length < _count + count)
        {
            Reserve(Math.Max(2 * _items.Length, _count + count));
        }

        return _items.AsMemory(_count, count);
    }

    /// <summary>
    /// The entries [start, end), with end at most <see cref="Count"/>, or for the writer, as many more as <see cref="Ahead"/> has given.
    /// </summary>
    public ReadOnlyMemory<T> Slice(int start, int end) => _items.AsMemory(start, end - start);
}
