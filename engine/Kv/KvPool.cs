namespace HunyuanOrleans.Engine.Kv;

/// <summary>
/// Keeps the books of KV blocks by number: which are free, how often the others are referenced, and which full ones hold a prefix
/// that can be found again by its hash. Cached blocks that nobody references stay until room is needed and go least recently used
/// first. It does not know the memory behind the numbers (the executor's), nor sequences. Not thread-safe: the scheduler's alone.
/// </summary>
public sealed class KvPool : IKvBooks
{
    private readonly int[] _references;
    private readonly UInt128[] _hashes;
    private readonly bool[] _cached;
    private readonly BlockList _free;
    private readonly BlockList _idle;
    private readonly Dictionary<UInt128, int> _byHash;

    private readonly TimeProvider? _time;
    private readonly long[] _idleSince;

    /// <summary>A pool of blocks numbered 0 to <paramref name="blocks"/> - 1, all free.</summary>
    /// <param name="blocks">Number of blocks.</param>
    /// <param name="time">The clock, for <see cref="FreeIdle"/>; null where that is never called.</param>
    public KvPool(int blocks, TimeProvider? time = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blocks);
        Blocks = blocks;
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

    /// <summary>Number of blocks in all.</summary>
    public int Blocks { get; }

    /// <summary>Blocks that hold nothing.</summary>
    public int Free => _free.Count;

    /// <summary>Blocks that hold a findable prefix and that nobody references.</summary>
    public int Idle => _idle.Count;

    /// <summary>Blocks somebody references.</summary>
    public int Used => Blocks - Free - Idle;

    /// <summary>Blocks that can be had now.</summary>
    public int Available => Free + Idle;

    /// <summary>Cached blocks given up for room so far.</summary>
    public long Evictions { get; private set; }

    /// <summary>
    /// Takes a block with one reference and no content: a free one, else the cached one unused for longest; -1 where none is left.
    /// </summary>
    public int Allocate()
    {
        int block = _free.TakeFirst();
        if (block < 0)
        {
            block = _idle.TakeFirst();
            if (block < 0)
            {
                return -1;
            }

            Forget(block);
            Evictions++;
        }

        _references[block] = 1;
        return block;
    }

    /// <summary>Finds the block that holds a prefix, without taking it.</summary>
    /// <param name="hash">Its <see cref="BlockHash"/>.</param>
    /// <param name="block">The block.</param>
    /// <returns>False where none does.</returns>
    public bool TryFind(UInt128 hash, out int block) => _byHash.TryGetValue(hash, out block);

    /// <inheritdoc/>
    public bool IsLive(int block) => _references[block] > 0 || _cached[block];

    /// <summary>True where the block is cached and nobody references it: taking it leaves one block less to allocate.</summary>
    public bool IsIdle(int block) => _idle.Contains(block);

    /// <summary>Adds a reference to a block that <see cref="TryFind"/> gave.</summary>
    public void Share(int block)
    {
        if (_references[block]++ == 0)
        {
            _idle.Remove(block);
        }
    }

    /// <summary>
    /// Makes a full, computed block findable; where another block holds the same prefix already, that one stays the findable one.
    /// </summary>
    public void Publish(int block, UInt128 hash)
    {
        if (!_cached[block] && _byHash.TryAdd(hash, block))
        {
            _hashes[block] = hash;
            _cached[block] = true;
        }
    }

    /// <summary>Drops one reference. The last one makes the block free, or idle where its content can be found again.</summary>
    public void Release(int block)
    {
        if (_references[block] <= 0)
        {
            throw new InvalidOperationException($"KV block {block} was released more often than taken.");
        }

        if (--_references[block] == 0)
        {
            (_cached[block] ? _idle : _free).AddLast(block);
            if (_time is not null)
            {
                _idleSince[block] = _time.GetTimestamp();
            }
        }
    }

    /// <summary>Frees the cached blocks that nobody has referenced for so long.</summary>
    /// <returns>How many.</returns>
    public int FreeIdle(TimeSpan longest)
    {
        int freed = 0;
        while (_idle.First is >= 0 and int block && _time!.GetElapsedTime(_idleSince[block]) >= longest)
        {
            _idle.Remove(block);
            Forget(block);
            _free.AddLast(block);
            freed++;
        }

        return freed;
    }

    /// <summary>Frees every block and forgets every prefix, whatever the books say: a clean start after a fault.</summary>
    public void Reset()
    {
        Array.Clear(_references);
        Array.Clear(_cached);
        _byHash.Clear();
        while (_idle.TakeFirst() >= 0)
        {
        }

        for (int block = 0; block < Blocks; block++)
        {
            if (!_free.Contains(block))
            {
                _free.AddLast(block);
            }
        }
    }

    /// <summary>Checks that the books agree with each other and with the block tables in use.</summary>
    /// <param name="tables">The block tables of all sequences that hold blocks.</param>
    /// <exception cref="InvalidOperationException">They do not; the message names the block.</exception>
    public void CheckIntegrity(IEnumerable<ReadOnlyMemory<int>> tables)
    {
        int[] expected = new int[Blocks];
        foreach (ReadOnlyMemory<int> table in tables)
        {
            foreach (int block in table.Span)
            {
                expected[block]++;
            }
        }

        int cached = 0;
        for (int block = 0; block < Blocks; block++)
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

    private void Forget(int block)
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
