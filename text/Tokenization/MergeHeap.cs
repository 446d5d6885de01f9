using System.Buffers;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// A binary heap of (rank, position), ordered by rank, then position. Entries without a rank are ignored. The caller must recognise stale
/// entries. The storage is rented until disposed. Not thread-safe.
/// </summary>
internal sealed class MergeHeap(int capacity) : IDisposable
{
    private ulong[] _items = ArrayPool<ulong>.Shared.Rent(capacity);
    private int _count;

    /// <summary>Adds an entry without restoring the heap order. Call <see cref="Heapify"/> before popping.</summary>
    public void Append(int rank, int position)
    {
        if (rank == MergeTable.NoRank)
        {
            return;
        }

        if (_count == _items.Length)
        {
            Grow();
        }

        _items[_count++] = ((ulong)(uint)rank << 32) | (uint)position;
    }

    /// <summary>Establishes the heap order in linear time.</summary>
    public void Heapify()
    {
        for (int i = (_count / 2) - 1; i >= 0; i--)
        {
            SiftDown(i);
        }
    }

    /// <summary>Adds an entry.</summary>
    public void Push(int rank, int position)
    {
        if (rank == MergeTable.NoRank)
        {
            return;
        }

        Append(rank, position);
        int child = _count - 1;
        ulong item = _items[child];
        while (child > 0 && _items[(child - 1) / 2] is var parent && parent > item)
        {
            _items[child] = parent;
            child = (child - 1) / 2;
        }

        _items[child] = item;
    }

    /// <summary>Removes the first entry; false if the heap is empty.</summary>
    public bool TryPop(out int rank, out int position)
    {
        if (_count == 0)
        {
            rank = position = 0;
            return false;
        }

        rank = (int)(_items[0] >> 32);
        position = (int)(uint)_items[0];
        _items[0] = _items[--_count];
        if (_count > 1)
        {
            SiftDown(0);
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<ulong>.Shared.Return(_items);
        _items = [];
        _count = 0;
    }

    private void SiftDown(int parent)
    {
        ulong item = _items[parent];
        while ((2 * parent) + 1 < _count)
        {
            int child = (2 * parent) + 1;
            if (child + 1 < _count && _items[child + 1] < _items[child])
            {
                child++;
            }

            if (_items[child] >= item)
            {
                break;
            }

            _items[parent] = _items[child];
            parent = child;
        }

        _items[parent] = item;
    }

    private void Grow()
    {
        ulong[] larger = ArrayPool<ulong>.Shared.Rent(_items.Length * 2);
        _items.AsSpan(0, _count).CopyTo(larger);
        ArrayPool<ulong>.Shared.Return(_items);
        _items = larger;
    }
}
