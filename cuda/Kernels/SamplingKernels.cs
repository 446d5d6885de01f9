using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// Kernels that select the largest logits of rows. A list is what they know of a part of a row: keys of its largest logits in descending order, then 8 bytes
/// that begin with the maximum, a float32 value that is NaN if a logit is. A key holds the logit in an integer of the same order in its upper half and the
/// complement of the index in its lower half, so that of equal logits the lower index has the larger key; 0 means that there are no more logits above minus
/// infinity.
/// </summary>
internal static class SamplingKernels
{
    /// <summary>Logits of a segment: each segment of a row first gets a list of its own.</summary>
    public const int SegmentLength = 1024;

    /// <summary>Shared memory of a block of <see cref="SelectSegments"/>: the keys of a segment, then the maximum of each warp.</summary>
    public const int SelectSharedBytes = WarpsOffset + (Warps * 4);

    /// <summary>Lists that <see cref="MergeLists"/> makes one.</summary>
    public const int ListsPerMerge = 16;

    /// <summary>The most keys of a list.</summary>
    public const int MaxLength = 2 * MergeThreads;

    /// <summary>Shared memory of a block of <see cref="MergeLists"/>.</summary>
    public const int MergeSharedBytes = MaxLength * 8;

    private const int Threads = SegmentLength / 2;
    private const int Warps = Threads / 32;
    private const int WarpsOffset = SegmentLength * 8;
    private const int MergeThreads = 128;

    /// <summary>Writes the list of each segment of each row. A block for each row and each segment.</summary>
    /// <param name="logits">float32 rows.</param>
    /// <param name="stride">Bytes from row to row.</param>
    /// <param name="vocabulary">Columns of a row.</param>
    /// <param name="length">Keys of a list.</param>
    /// <param name="lists">Receives [rows, segments] lists.</param>
    [Kernel(threads: Threads)]
    public static void SelectSegments(ulong logits, int stride, int vocabulary, int length, ulong lists)
    {
        ulong row = RowElements.Row(logits, stride, Ptx.BlockX());
        int segment = Ptx.BlockY();
        int thread = Ptx.Thread();
        float low = LoadLogit(row, (segment * SegmentLength) + thread, vocabulary);
        float high = LoadLogit(row, (segment * SegmentLength) + Threads + thread, vocabulary);
        uint keys = Ptx.Shared();
        Ptx.StoreSharedUlong(keys + ((uint)thread * 8), KeyOf(low, (segment * SegmentLength) + thread));
        Ptx.StoreSharedUlong(keys + ((uint)(Threads + thread) * 8), KeyOf(high, (segment * SegmentLength) + Threads + thread));
        float max = MaxOfBlock(Larger(low, high), keys + WarpsOffset);
        for (int size = 2; size <= SegmentLength; size *= 2)
        {
            for (int distance = size / 2; distance > 0; distance /= 2)
            {
                Ptx.Barrier();
                int at = IndexOf(thread, distance);
                Exchange(keys, at, at + distance, (at & size) == 0);
            }
        }

        Ptx.Barrier();
        ulong list = ListAt(lists, (Ptx.BlockX() * Ptx.GridY()) + segment, length);
        if (thread < length)
        {
            Ptx.StoreUlong(list + ((ulong)(uint)thread * 8), Ptx.LoadSharedUlong(keys + ((uint)thread * 8)));
        }

        if (thread == 0)
        {
            Ptx.StoreFloat(MaxAt(list, length), max);
        }
    }

    /// <summary>Merges up to <see cref="ListsPerMerge"/> neighbouring lists of a row. A block for each row and each list of the result.</summary>
    /// <param name="lists">[rows, count] lists.</param>
    /// <param name="count">Lists of a row.</param>
    /// <param name="length">Keys of a list, a power of two.</param>
    /// <param name="merged">Receives [rows, number of blocks] lists.</param>
    [Kernel(threads: MergeThreads)]
    public static void MergeLists(ulong lists, int count, int length, ulong merged)
    {
        int thread = Ptx.Thread();
        int first = Ptx.BlockY() * ListsPerMerge;
        int end = first + ListsPerMerge < count ? first + ListsPerMerge : count;
        uint keys = Ptx.Shared();
        float max = float.NegativeInfinity;
        for (int i = thread; i < length; i += MergeThreads)
        {
            Ptx.StoreSharedUlong(keys + ((uint)i * 8), 0);
        }

        for (int index = first; index < end; index++)
        {
            ulong list = ListAt(lists, (Ptx.BlockX() * count) + index, length);
            max = Larger(max, Ptx.LoadFloat(MaxAt(list, length)));
            Keep(list, keys, length);
        }

        Ptx.Barrier();
        ulong result = ListAt(merged, (Ptx.BlockX() * Ptx.GridY()) + Ptx.BlockY(), length);
        for (int i = thread; i < length; i += MergeThreads)
        {
            Ptx.StoreUlong(result + ((ulong)(uint)i * 8), Ptx.LoadSharedUlong(keys + ((uint)i * 8)));
        }

        if (thread == 0)
        {
            Ptx.StoreFloat(MaxAt(result, length), max);
        }
    }

    /// <summary>
    /// Replaces the sorted keys in shared memory by the largest of them and of a sorted list: the larger ones of the keys and of the reversed list are
    /// these, first descending and then ascending or the reverse, which half-size exchanges sort.
    /// </summary>
    private static void Keep(ulong list, uint keys, int length)
    {
        int thread = Ptx.Thread();
        Ptx.Barrier();
        for (int i = thread; i < length; i += MergeThreads)
        {
            ulong other = Ptx.LoadUlong(list + ((ulong)(uint)(length - 1 - i) * 8));
            if (other > Ptx.LoadSharedUlong(keys + ((uint)i * 8)))
            {
                Ptx.StoreSharedUlong(keys + ((uint)i * 8), other);
            }
        }

        for (int distance = length / 2; distance > 0; distance /= 2)
        {
            Ptx.Barrier();
            if (thread < length / 2)
            {
                int at = IndexOf(thread, distance);
                Exchange(keys, at, at + distance, true);
            }
        }
    }

    /// <summary>The lower index of the pair that a thread compares.</summary>
    private static int IndexOf(int thread, int distance) => ((thread & -distance) * 2) + (thread & (distance - 1));

    private static void Exchange(uint keys, int low, int high, bool descending)
    {
        ulong a = Ptx.LoadSharedUlong(keys + ((uint)low * 8));
        ulong b = Ptx.LoadSharedUlong(keys + ((uint)high * 8));
        if (a < b == descending)
        {
            Ptx.StoreSharedUlong(keys + ((uint)low * 8), b);
            Ptx.StoreSharedUlong(keys + ((uint)high * 8), a);
        }
    }

    private static float LoadLogit(ulong row, int index, int vocabulary)
        => index < vocabulary ? Ptx.LoadFloat(row + ((ulong)(uint)index * 4)) : float.NegativeInfinity;

    private static ulong KeyOf(float logit, int index)
    {
        uint order = FloatOrder.Of(logit);
        return order <= FloatOrder.NegativeInfinity ? 0 : ((ulong)order << 32) | ~(uint)index;
    }

    /// <summary>The larger value; NaN if one of them is.</summary>
    private static float Larger(float a, float b)
    {
        uint orderA = FloatOrder.Of(a);
        uint orderB = FloatOrder.Of(b);
        return orderA == 0 || (orderB != 0 && orderA >= orderB) ? a : b;
    }

    private static float MaxOfBlock(float value, uint shared)
    {
        for (int mask = 16; mask > 0; mask /= 2)
        {
            value = Larger(value, Ptx.ShuffleXor(value, mask));
        }

        if (Ptx.Thread() % 32 == 0)
        {
            Ptx.StoreSharedFloat(shared + ((uint)(Ptx.Thread() / 32) * 4), value);
        }

        Ptx.Barrier();
        float max = Ptx.LoadSharedFloat(shared);
        for (int warp = 1; warp < Warps; warp++)
        {
            max = Larger(max, Ptx.LoadSharedFloat(shared + ((uint)warp * 4)));
        }

        return max;
    }

    private static ulong ListAt(ulong lists, int index, int length) => lists + ((ulong)(uint)index * (((ulong)(uint)length * 8) + 8));

    private static ulong MaxAt(ulong list, int length) => list + ((ulong)(uint)length * 8);
}
