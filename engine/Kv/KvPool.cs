namespace HunyuanOrleans.Engine.Kv;

/// <summary>
/// Tracks KV blocks by number: which are free, how many references the others have, and which full blocks can be found again by the hash
/// of their prefix. Cached blocks without references stay until their room is needed; the least recently used one is evicted first. The
/// pool does not know sequences, nor the memory behind the numbers, which is the executor's. Not thread-safe, except for <see cref="IsLive"/>: only the
/// scheduler uses it.
/// </summary>
public sealed class KvPool : IKvBlockUsage
{
    private readonly int[] _references;
    private readonly UInt128[] _hashes;
    private readonly bool[] _cached;
    private readonly BlockList _free;
    private readonly BlockList _idle;
    private readonly Dictionary<UInt128, int> _byHash;
    private readonly TimeProvider? _time;
    private readonly long[] _idleSince;

    /// <summary>Creates a pool of blocks numbered 0 to <paramref name="blocks"/> - 1, all free.</summary>
    /// <param name="blocks">Number of blocks.</param>
    /// <param name="time">The clock, for <see cref="FreeIdleBlocks"/>; null if that is never called.</param>
    public KvPool(int blocks, TimeProvider? time = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blocks);
        BlockCount = blocks;
        _time = time;
        _idleSince = time is null ? [] : new long[blocks];
        _references = new int[blocks];
        _hashes = new UInt128[blocks];
        _cached = new bool[blocks];
        _free = new BlockList(blocks);
        _idle = new BlockList(blocks);
        _byHash = new Dictionary<UInt128, int>(blocks);
        for (int block = 0; block < blocks; block++)
        {
            _free.AddLast(block);
        }
    }

    /// <inheritdoc/>
    public int BlockCount { get; }

    /// <summary>Number of blocks without content.</summary>
    public int FreeBlocks => _free.Count;

    /// <summary>Number of cached blocks without references.</summary>
    public int IdleBlocks => _idle.Count;

    /// <summary>Number of blocks with references.</summary>
    public int UsedBlocks => BlockCount - FreeBlocks - IdleBlocks;

    /// <summary>Number of blocks that can be allocated now.</summary>
    public int AvailableBlocks => FreeBlocks + IdleBlocks;

    /// <summary>Number of cached blocks evicted to make room so far.</summary>
    public long Evictions { get; private set; }

    /// <summary>
    /// Allocates a block with one reference and no content: the one behind <paramref name="after"/> if it is free, since attention reads consecutive
    /// blocks faster. Evicts the cached block that has been idle longest if none is free.
    /// </summary>
    /// <param name="after">The last block of the sequence; -1 (default) if it has none.</param>
    /// <returns>The block, or -1 if all blocks are in use.</returns>
    public int Allocate(int after = -1)
    {
        int block = after + 1;
        if (after >= 0 && block < BlockCount && _free.Contains(block))
        {
            _free.Remove(block);
        }
        else
        {
            block = _free.RemoveFirst();
        }

        if (block < 0)
        {
            block = _idle.RemoveFirst();
            if (block < 0)
            {
                return -1;
            }

            RemoveFromCache(block);
            Evictions++;
        }

        _references[block] = 1;
        return block;
    }

    /// <summary>Finds the cached block of a prefix, without adding a reference.</summary>
    /// <param name="hash">The prefix's <see cref="BlockHash"/>.</param>
    /// <param name="block">The block, if found.</param>
    /// <returns>False if no block is cached under the hash.</returns>
    public bool TryFind(UInt128 hash, out int block) => _byHash.TryGetValue(hash, out block);

    /// <inheritdoc/>
    public bool IsLive(int block) => Volatile.Read(ref _references[block]) > 0 || Volatile.Read(ref _cached[block]);

    /// <summary>True if the block is cached and has no references, so referencing it leaves one block fewer to allocate.</summary>
    public bool IsIdle(int block) => _idle.Contains(block);

    /// <summary>Adds a reference to a block that <see cref="TryFind"/> returned.</summary>
    public void AddReference(int block)
    {
        if (_references[block]++ == 0)
        {
            _idle.Remove(block);
        }
    }

    /// <summary>
    /// Caches a full, computed block under its hash. If another block is already cached under that hash, that one stays and this block is
    /// not cached.
    /// </summary>
    public void AddToCache(int block, UInt128 hash)
    {
        if (!_cached[block] && _byHash.TryAdd(hash, block))
        {
            _hashes[block] = hash;
            _cached[block] = true;
        }
    }

    /// <summary>Drops one reference. A block without references becomes idle if it is cached, otherwise free.</summary>
    public void Release(int block)
    {
        if (_references[block] <= 0)
        {
            throw new InvalidOperationException($"KV block {block} was released more often than taken.");
        }

        // A block that goes from use to the cache is live throughout, for other threads too.
        Volatile.Write(ref _references[block], _references[block] - 1);
        if (_references[block] == 0)
        {
            (_cached[block] ? _idle : _free).AddLast(block);
            if (_time is not null)
            {
                _idleSince[block] = _time.GetTimestamp();
            }
        }
    }

    /// <summary>Frees the cached blocks that have had no reference for <paramref name="maxIdleTime"/> or longer.</summary>
    /// <returns>Number of blocks freed.</returns>
    public int FreeIdleBlocks(TimeSpan maxIdleTime)
    {
        int freed = 0;
        while (_idle.First is >= 0 and int block && _time!.GetElapsedTime(_idleSince[block]) >= maxIdleTime)
        {
            _idle.Remove(block);
            RemoveFromCache(block);
            _free.AddLast(block);
            freed++;
        }

        return freed;
    }

    /// <summary>Empties the cache: idle blocks become free, and blocks in use are not found any more.</summary>
    /// <returns>Number of blocks that were cached.</returns>
    public int ClearCache()
    {
        int cached = _byHash.Count;
        Array.Clear(_cached);
        _byHash.Clear();
        while (_idle.RemoveFirst() is int block and >= 0)
        {
            _free.AddLast(block);
        }

        return cached;
    }

    /// <summary>Frees every block and empties the cache, whatever the current state: a clean start after a fault.</summary>
    public void Reset()
    {
        Array.Clear(_references);
        Array.Clear(_cached);
        _byHash.Clear();
        while (_idle.RemoveFirst() >= 0)
        {
        }

        for (int block = 0; block < BlockCount; block++)
        {
            if (!_free.Contains(block))
            {
                _free.AddLast(block);
            }
        }
    }

    /// <summary>Checks that the pool's records agree with each other and with the block tables in use.</summary>
    /// <param name="tables">The block tables of all sequences that have blocks.</param>
    /// <exception cref="InvalidOperationException">They do not agree; the message names the block.</exception>
    public void CheckIntegrity(IEnumerable<ReadOnlyMemory<int>> tables)
    {
        int[] expected = new int[BlockCount];
        foreach (ReadOnlyMemory<int> table in tables)
        {
            foreach (int block in table.Span)
            {
                expected[block]++;
            }
        }

        int cached = 0;
        for (int block = 0; block < BlockCount; block++)
        {
            Require(_references[block] == expected[block], block, $"{_references[block]} references, block tables hold {expected[block]}");
            bool unused = _references[block] == 0;
            Require(_free.Contains(block) == (unused && !_cached[block]), block, "free list disagrees");
            Require(_idle.Contains(block) == (unused && _cached[block]), block, "idle list disagrees");
            if (_cached[block])
            {
                cached++;
                Require(_byHash.TryGetValue(_hashes[block], out int found) && found == block, block, "cached but not found by its hash");
            }
        }

        Require(cached == _byHash.Count, -1, $"{cached} blocks cached, {_byHash.Count} hashes known");
    }

    private void RemoveFromCache(int block)
    {
        _byHash.Remove(_hashes[block]);
        _cached[block] = false;
    }

    private static void Require(bool holds, int block, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"KV pool integrity: block {block}: {what}.");
        }
    }
}
