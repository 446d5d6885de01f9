using System.Buffers;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// Applies byte-pair merges to one piece of text. The neighbouring pair with the lowest rank merges first, and the leftmost of equal
/// ranks. Short pieces are searched again after every merge. Long pieces use a heap, which takes O(n log n) for any input. Immutable.
/// </summary>
internal sealed class BytePairMerger(MergeTable merges, int[] byteIds)
{
    // Up to this length, searching a few cache lines is faster than a heap.
    private const int ShortPiece = 48;

    /// <summary>Appends the token ids of a piece to <paramref name="ids"/>.</summary>
    public void Merge(ReadOnlySpan<byte> piece, List<int> ids)
    {
        if (piece.Length <= ShortPiece)
        {
            MergeShort(piece, ids);
        }
        else
        {
            MergeLong(piece, ids);
        }
    }

    private void MergeShort(ReadOnlySpan<byte> piece, List<int> ids)
    {
        Span<int> parts = stackalloc int[ShortPiece];
        Span<int> ranks = stackalloc int[ShortPiece];
        int count = piece.Length;
        for (int i = 0; i < count; i++)
        {
            parts[i] = byteIds[piece[i]];
        }

        for (int i = 0; i + 1 < count; i++)
        {
            ranks[i] = merges.Rank(parts[i], parts[i + 1]);
        }

        while (count > 1)
        {
            int best = 0;
            for (int i = 1; i + 1 < count; i++)
            {
                if (ranks[i] < ranks[best])
                {
                    best = i;
                }
            }

            if (ranks[best] == MergeTable.NoRank)
            {
                break;
            }

            parts[best] = merges.Merged(parts[best], parts[best + 1]);
            parts[(best + 2)..count].CopyTo(parts[(best + 1)..]);
            ranks[(best + 1)..(count - 1)].CopyTo(ranks[best..]);
            count--;
            if (best > 0)
            {
                ranks[best - 1] = merges.Rank(parts[best - 1], parts[best]);
            }

            if (best + 1 < count)
            {
                ranks[best] = merges.Rank(parts[best], parts[best + 1]);
            }
        }

        for (int i = 0; i < count; i++)
        {
            ids.Add(parts[i]);
        }
    }

    private void MergeLong(ReadOnlySpan<byte> piece, List<int> ids)
    {
        Part[] parts = ArrayPool<Part>.Shared.Rent(piece.Length);
        using var heap = new MergeHeap(piece.Length);
        for (int i = 0; i < piece.Length; i++)
        {
            parts[i] = new Part { Id = byteIds[piece[i]], Previous = i - 1, Next = i + 1, Rank = MergeTable.NoRank };
        }

        for (int i = 0; i + 1 < piece.Length; i++)
        {
            parts[i].Rank = merges.Rank(parts[i].Id, parts[i + 1].Id);
            heap.Append(parts[i].Rank, i);
        }

        heap.Heapify();
        while (heap.TryPop(out int rank, out int at))
        {
            // The entry is stale if a neighbour has merged since: the pair then has another rank, or none.
            if (parts[at].Rank != rank)
            {
                continue;
            }

            ref Part left = ref parts[at];
            ref Part right = ref parts[left.Next];
            left.Id = merges.Merged(left.Id, right.Id);
            left.Next = right.Next;
            right.Rank = MergeTable.NoRank;
            UpdateRank(parts, at, piece.Length, heap);
            if (left.Next < piece.Length)
            {
                parts[left.Next].Previous = at;
            }

            if (left.Previous >= 0)
            {
                UpdateRank(parts, left.Previous, piece.Length, heap);
            }
        }

        for (int i = 0; i < piece.Length; i = parts[i].Next)
        {
            ids.Add(parts[i].Id);
        }

        ArrayPool<Part>.Shared.Return(parts);
    }

    private void UpdateRank(Part[] parts, int at, int end, MergeHeap heap)
    {
        ref Part part = ref parts[at];
        part.Rank = part.Next < end ? merges.Rank(part.Id, parts[part.Next].Id) : MergeTable.NoRank;
        heap.Push(part.Rank, at);
    }

    private struct Part
    {
        public int Id;
        public int Previous;
        public int Next;
        public int Rank;
    }
}
