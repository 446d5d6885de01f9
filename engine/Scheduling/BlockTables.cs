using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Kv;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>
/// Gives KV blocks to sequences and takes them back. Only full blocks are shared, so a sequence always writes to blocks of its own. It also
/// numbers sessions: a session is the time from a sequence's first block to the release of its last. It does not decide which sequence is
/// pre-empted.
/// </summary>
/// <param name="pool">The blocks.</param>
/// <param name="blockPositions">Positions in one block.</param>
/// <param name="prefixCache">Whether full blocks are cached for other sequences.</param>
internal sealed class BlockTables(KvPool pool, int blockPositions, bool prefixCache)
{
    private readonly List<long> _released = [];
    private long _lastSession;

    /// <summary>
    /// Gives a waiting sequence blocks for all of its tokens, as many as possible from the cache. Gives none if fewer than
    /// <paramref name="spare"/> blocks would remain available.
    /// </summary>
    /// <returns>False if the sequence got no blocks.</returns>
    public bool TryAllocate(Sequence sequence, int spare)
    {
        sequence.ReserveMemory();
        int cached = 0, idle = 0;
        while (prefixCache && cached < sequence.CacheableBlocks && pool.TryFind(sequence.HashOf(cached), out int block))
        {
            idle += pool.IsIdle(block) ? 1 : 0;
            cached++;
        }

        int needed = BlocksFor(sequence.Length) - cached;
        if (needed + spare > pool.AvailableBlocks - idle)
        {
            return false;
        }

        for (int i = 0; i < cached; i++)
        {
            pool.TryFind(sequence.HashOf(i), out int block);
            pool.AddReference(block);
            sequence.AddBlock(block);
        }

        for (; needed > 0; needed--)
        {
            sequence.AddBlock(pool.Allocate(sequence.LastBlock));
        }

        sequence.ComputedTokens = cached * blockPositions;
        sequence.CachedBlocks = cached;
        sequence.Session = ++_lastSession;
        return true;
    }

    /// <summary>Gives a running sequence the blocks that it lacks for its tokens.</summary>
    /// <returns>False if the pool has no block left.</returns>
    public bool TryExtend(Sequence sequence)
    {
        while (sequence.BlockCount < BlocksFor(sequence.Length))
        {
            int block = pool.Allocate(sequence.LastBlock);
            if (block < 0)
            {
                return false;
            }

            sequence.AddBlock(block);
        }

        return true;
    }

    /// <summary>
    /// How many positions behind a sequence's tokens it has blocks for, or can have, if <paramref name="spare"/> blocks remain available for others.
    /// </summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="wanted">Number of positions wanted.</param>
    /// <param name="spare">Number of blocks to leave.</param>
    public int PositionsAhead(Sequence sequence, int wanted, int spare)
    {
        int most = sequence.BlockCount + Math.Max(0, pool.AvailableBlocks - spare);
        return (int)Math.Min(wanted, ((long)most * blockPositions) - sequence.Length);
    }

    /// <summary>Gives a sequence the blocks for positions behind its tokens, as many as <see cref="PositionsAhead"/> has found.</summary>
    public void ExtendAhead(Sequence sequence, int positions)
    {
        while (sequence.BlockCount < BlocksFor(sequence.Length + positions))
        {
            sequence.AddBlock(pool.Allocate(sequence.LastBlock));
        }
    }

    /// <summary>Adds the blocks that a sequence has filled to the prefix cache.</summary>
    public void CacheFullBlocks(Sequence sequence)
    {
        for (; prefixCache && (sequence.CachedBlocks + 1) * blockPositions <= sequence.ComputedTokens; sequence.CachedBlocks++)
        {
            int block = sequence.CachedBlocks;
            pool.AddToCache(sequence.Blocks.Span[block], sequence.HashOf(block));
        }
    }

    /// <summary>
    /// Takes all blocks back and ends the session. The last block is released first, so that the end of a cached prefix is evicted before
    /// its beginning.
    /// </summary>
    public void Release(Sequence sequence)
    {
        while (sequence.BlockCount > 0)
        {
            pool.Release(sequence.RemoveLastBlock());
        }

        sequence.ComputedTokens = 0;
        sequence.CachedBlocks = 0;
        if (sequence.Session != 0)
        {
            _released.Add(sequence.Session);
            sequence.Session = 0;
        }
    }

    /// <summary>Tells a step the sessions that have ended since the last one.</summary>
    public void MoveReleasedTo(StepBatch batch)
    {
        foreach (long session in _released)
        {
            batch.ReleaseSession(session);
        }

        _released.Clear();
    }

    private int BlocksFor(int tokens) => (tokens + blockPositions - 1) / blockPositions;
}
