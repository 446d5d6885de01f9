using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Kv;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>
/// Gives sequences their KV blocks and takes them back. Only full blocks are ever shared, so what a sequence appends always goes to
/// a block of its own. It numbers the sessions: one from the first block to the last. It does not decide who must give way.
/// </summary>
/// <param name="pool">The blocks.</param>
/// <param name="blockPositions">Positions of each.</param>
/// <param name="prefixCache">Whether full blocks are offered to others.</param>
/// <param name="batch">Told which sessions are over.</param>
internal sealed class BlockTables(KvPool pool, int blockPositions, bool prefixCache, StepBatch batch)
{
    private long _sessions;

    /// <summary>
    /// Gives a waiting sequence blocks for all its tokens, cached ones first, or none at all where fewer than <paramref name="spare"/>
    /// would be left.
    /// </summary>
    public bool TryFill(Sequence sequence, int spare)
    {
        sequence.Reserve();
        int cached = 0, idle = 0;
        while (prefixCache && cached < sequence.ShareableBlocks && pool.TryFind(sequence.HashOf(cached), out int block))
        {
            idle += pool.IsIdle(block) ? 1 : 0;
            cached++;
        }

        int needed = BlocksFor(sequence.Count) - cached;
        if (needed + spare > pool.Available - idle)
        {
            return false;
        }

        for (int i = 0; i < cached; i++)
        {
            pool.TryFind(sequence.HashOf(i), out int block);
            pool.Share(block);
            sequence.AddBlock(block);
        }

        for (; needed > 0; needed--)
        {
            sequence.AddBlock(pool.Allocate());
        }

        sequence.Computed = cached * blockPositions;
        sequence.PublishedBlocks = cached;
        sequence.Session = ++_sessions;
        return true;
    }

    /// <summary>Makes sure there is a place for every token of a running sequence; false where the pool has no block left.</summary>
    public bool TryGrow(Sequence sequence)
    {
        while (sequence.BlockCount < BlocksFor(sequence.Count))
        {
            int block = pool.Allocate();
            if (block < 0)
            {
                return false;
            }

            sequence.AddBlock(block);
        }

        return true;
    }

    /// <summary>Makes the blocks a sequence has filled findable.</summary>
    public void Publish(Sequence sequence)
    {
        for (; prefixCache && (sequence.PublishedBlocks + 1) * blockPositions <= sequence.Computed; sequence.PublishedBlocks++)
        {
            int block = sequence.PublishedBlocks;
            pool.Publish(sequence.Blocks.Span[block], sequence.HashOf(block));
        }
    }

    /// <summary>Takes all blocks back, the last first: of an idle prefix its end then goes before its beginning.</summary>
    public void Clear(Sequence sequence)
    {
        while (sequence.BlockCount > 0)
        {
            pool.Release(sequence.RemoveLastBlock());
        }

        sequence.Computed = 0;
        sequence.PublishedBlocks = 0;
        if (sequence.Session != 0)
        {
            batch.Release(sequence.Session);
            sequence.Session = 0;
        }
    }

    private int BlocksFor(int tokens) => (tokens + blockPositions - 1) / blockPositions;
}
