using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// Kernels that order the rows sent to experts: by expert, then by token. It is a counting sort: an entry is one expert of one token, entries form
/// chunks, and thread e of a block looks for entries of expert e, so that the order is stable without atomics.
/// </summary>
internal static class RoutingOrderKernels
{
    /// <summary>Entries of a chunk.</summary>
    public const int ChunkLength = 1024;

    /// <summary>Shared memory of a block: the entries of a chunk and the counts of the experts.</summary>
    public const int SharedBytes = CountsOffset + (Threads * 4);

    /// <summary>The most tokens of <see cref="ChooseAndOrder"/>: one for each warp, so that it takes no longer than choosing in several blocks.</summary>
    public const int MaxTokensAtOnce = Threads / 32;

    private const int Threads = RoutingKernels.MaxExperts;
    private const int CountsOffset = ChunkLength * 4;

    /// <summary>Orders all rows if they are at most one chunk. One block.</summary>
    /// <param name="experts">int [entries]: experts of the tokens.</param>
    /// <param name="entries">Number of entries.</param>
    /// <param name="k">Entries of a token.</param>
    /// <param name="count">Number of experts.</param>
    /// <param name="counts">Receives int [experts]: rows of each expert.</param>
    /// <param name="starts">Receives int [experts + 1]: first row of each expert, and the number of rows.</param>
    /// <param name="rowOf">Receives int [entries]: the row of each entry.</param>
    /// <param name="tokenOf">Receives int [entries]: the token of each row.</param>
    [Kernel(threads: Threads)]
    public static void OrderChunk(ulong experts, int entries, int k, int count, ulong counts, ulong starts, ulong rowOf, ulong tokenOf)
    {
        LoadChunk(experts, entries, 0);
        int rows = CountEntries(entries);
        int start = StartOf(rows, count);
        WriteStarts(rows, start, count, counts, starts);
        PlaceEntries(entries, 0, k, count, start, rowOf, tokenOf);
    }

    /// <summary>Chooses the experts of at most <see cref="MaxTokensAtOnce"/> tokens and orders their rows, in one launch. One block.</summary>
    /// <param name="logits">float32 rows, one for each token.</param>
    /// <param name="stride">Bytes from row to row.</param>
    /// <param name="tokens">Number of tokens.</param>
    /// <param name="count">Number of experts.</param>
    /// <param name="k">Experts of a token.</param>
    /// <param name="experts">Receives int [tokens, k], ascending for each token.</param>
    /// <param name="weights">Receives float32 [tokens, k].</param>
    /// <param name="counts">Receives int [experts]: rows of each expert.</param>
    /// <param name="starts">Receives int [experts + 1]: first row of each expert, and the number of rows.</param>
    /// <param name="rowOf">Receives int [entries]: the row of each entry.</param>
    /// <param name="tokenOf">Receives int [entries]: the token of each row.</param>
    [Kernel(threads: Threads)]
    public static void ChooseAndOrder(
        ulong logits, int stride, int tokens, int count, int k, ulong experts, ulong weights, ulong counts, ulong starts, ulong rowOf, ulong tokenOf)
    {
        int token = Ptx.Thread() / 32;
        if (token < tokens)
        {
            RoutingKernels.Choose(logits, stride, token, count, k, experts, weights);
        }

        // The block's own stores are visible to all of its threads after this.
        Ptx.Barrier();
        OrderChunk(experts, tokens * k, k, count, counts, starts, rowOf, tokenOf);
    }

    /// <summary>Counts the rows of each expert in each chunk. One block for each chunk.</summary>
    /// <param name="experts">int [entries]: experts of the tokens.</param>
    /// <param name="entries">Number of entries.</param>
    /// <param name="count">Number of experts.</param>
    /// <param name="chunkCounts">Receives int [chunks, experts].</param>
    [Kernel(threads: Threads)]
    public static void CountChunks(ulong experts, int entries, int count, ulong chunkCounts)
    {
        int length = LoadChunk(experts, entries, Ptx.BlockX());
        int rows = CountEntries(length);
        if (Ptx.Thread() < count)
        {
            Ptx.StoreInt(At(chunkCounts, (Ptx.BlockX() * count) + Ptx.Thread()), rows);
        }
    }

    /// <summary>Orders the rows of counted chunks. One block for each chunk; each adds up the counts of all chunks for itself.</summary>
    /// <param name="experts">int [entries]: experts of the tokens.</param>
    /// <param name="entries">Number of entries.</param>
    /// <param name="k">Entries of a token.</param>
    /// <param name="count">Number of experts.</param>
    /// <param name="chunkCounts">int [chunks, experts]: what <see cref="CountChunks"/> has written.</param>
    /// <param name="counts">Receives int [experts]: rows of each expert.</param>
    /// <param name="starts">Receives int [experts + 1]: first row of each expert, and the number of rows.</param>
    /// <param name="rowOf">Receives int [entries]: the row of each entry.</param>
    /// <param name="tokenOf">Receives int [entries]: the token of each row.</param>
    [Kernel(threads: Threads)]
    public static void OrderChunks(
        ulong experts, int entries, int k, int count, ulong chunkCounts, ulong counts, ulong starts, ulong rowOf, ulong tokenOf)
    {
        int expert = Ptx.Thread();
        int length = LoadChunk(experts, entries, Ptx.BlockX());
        int rows = 0;
        int before = 0;
        if (expert < count)
        {
            for (int chunk = 0; chunk < Ptx.GridX(); chunk++)
            {
                int inChunk = Ptx.LoadInt(At(chunkCounts, (chunk * count) + expert));
                rows += inChunk;
                before += chunk < Ptx.BlockX() ? inChunk : 0;
            }
        }

        int start = StartOf(rows, count);
        if (Ptx.BlockX() == 0)
        {
            WriteStarts(rows, start, count, counts, starts);
        }

        PlaceEntries(length, Ptx.BlockX() * ChunkLength, k, count, start + before, rowOf, tokenOf);
    }

    /// <summary>Copies a chunk to shared memory and returns its length.</summary>
    private static int LoadChunk(ulong experts, int entries, int chunk)
    {
        int first = chunk * ChunkLength;
        int length = entries - first < ChunkLength ? entries - first : ChunkLength;
        for (int i = Ptx.Thread(); i < length; i += Threads)
        {
            Ptx.StoreSharedInt(Ptx.Shared() + ((uint)i * 4), Ptx.LoadInt(At(experts, first + i)));
        }

        Ptx.Barrier();
        return length;
    }

    /// <summary>The number of entries of the thread's expert in the loaded chunk.</summary>
    private static int CountEntries(int length)
    {
        int rows = 0;
        for (int i = 0; i < length; i++)
        {
            rows += Ptx.LoadSharedInt(Ptx.Shared() + ((uint)i * 4)) == Ptx.Thread() ? 1 : 0;
        }

        return rows;
    }

    /// <summary>The first row of the thread's expert: the sum of the rows of all lower ones.</summary>
    private static int StartOf(int rows, int count)
    {
        uint counts = Ptx.Shared() + CountsOffset;
        Ptx.StoreSharedInt(counts + ((uint)Ptx.Thread() * 4), rows);
        Ptx.Barrier();
        int start = 0;
        for (int other = 0; other < count; other++)
        {
            int inOther = Ptx.LoadSharedInt(counts + ((uint)other * 4));
            start += other < Ptx.Thread() ? inOther : 0;
        }

        return start;
    }

    private static void WriteStarts(int rows, int start, int count, ulong counts, ulong starts)
    {
        int expert = Ptx.Thread();
        if (expert < count)
        {
            Ptx.StoreInt(At(counts, expert), rows);
            Ptx.StoreInt(At(starts, expert), start);
        }

        if (expert == count - 1)
        {
            Ptx.StoreInt(At(starts, count), start + rows);
        }
    }

    /// <summary>Writes the rows of the thread's expert in the loaded chunk.</summary>
    private static void PlaceEntries(int length, int first, int k, int count, int start, ulong rowOf, ulong tokenOf)
    {
        int expert = Ptx.Thread();
        if (expert < count)
        {
            for (int i = 0; i < length; i++)
            {
                if (Ptx.LoadSharedInt(Ptx.Shared() + ((uint)i * 4)) == expert)
                {
                    Ptx.StoreInt(At(rowOf, first + i), start);
                    Ptx.StoreInt(At(tokenOf, start), (first + i) / k);
                    start++;
                }
            }
        }
    }

    private static ulong At(ulong array, int index) => array + ((ulong)(uint)index * 4);
}
