using System.Buffers;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// A binary heap of (rank, position), lowest rank first, then lowest position. Pairs without a rank are not kept. Stale entries are the
/// caller's to recognise. Not thread-safe; its storage is rented until disposed.
/// </summary>
internal sealed class MergeHeap(int capacity) : IDisposable
{
    private ulong[] items = ArrayPool<ulong>.Shared.Rent(capacity);
    private int count;

    /// <summary>Adds an entry without ordering; <see cref="Order"/> must follow before anything is popped.</summary>
    public void Append(int rank, int position)
    {
        if (rank == PairTable.NoRank)
        {
            return;
        }

        if (count == items.Length)
        {
            Grow();
        }

        items[count++] = ((ulong)(uint)rank << 32) | (uint)position;
    }

    /// <summary>Orders everything appended, in linear time.</summary>
    public void Order()
    {
        for (int i = (count / 2) - 1; i >= 0; i--)
        {
            Sink(i);
        }
    }

    /// <summary>Adds an entry.</summary>
    public void Push(int rank, int position)
    {
        if (rank == PairTable.NoRank)
        {
            return;
        }

        Append(rank, position);
        int child = count - 1;
        ulong item = items[child];
        while (child > 0 && items[(child - 1) / 2] is var parent && parent > item)
        {
            items[child] = parent;
            child = (child - 1) / 2;
        }

        items[child] = item;
    }

    /// <summary>Takes the first entry; false when there is none.</summary>
    public bool TryPop(out int rank, out int position)
    {
        if (count == 0)
        {
            rank = position = 0;
            return false;
        }

        rank = (int)(items[0] >> 32);
        position = (int)(uint)items[0];
        items[0] = items[--count];
        if (count > 1)
        {
            Sink(0);
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<ulong>.Shared.Return(items);
        items = [];
        count = 0;
    }

    private void Sink(int parent)
    {
        ulong item = items[parent];
        while ((2 * parent) + 1 < count)
        {
            int child = (2 * parent) + 1;
            if (child + 1 < count && items[child + 1] < items[child])
            {
                child++;
            }

            if (items[child] >= item)
            {
                break;
            }

            items[parent] = items[child];
            parent = child;
        }

        items[parent] = item;
    }

    private void Grow()
    {
        ulong[] larger = ArrayPool<ulong>.Shared.Rent(items.Length * 2);
        items.AsSpan(0, count).CopyTo(larger);
        ArrayPool<ulong>.Shared.Return(items);
        items = larger;
    }
}
