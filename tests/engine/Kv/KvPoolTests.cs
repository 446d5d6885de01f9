using HunyuanOrleans.Engine.Kv;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Kv;

public sealed class KvPoolTests
{
    [Fact]
    public void Blocks_are_allocated_once_and_can_be_released()
    {
        var pool = new KvPool(3);
        int[] taken = [pool.Allocate(), pool.Allocate(), pool.Allocate()];
        Assert.Equal([0, 1, 2], taken.Order());
        Assert.Equal(-1, pool.Allocate());
        pool.CheckIntegrity([taken]);
        pool.Release(taken[1]);
        Assert.Equal((1, 0, 2), (pool.FreeBlocks, pool.IdleBlocks, pool.UsedBlocks));
        Assert.Equal(taken[1], pool.Allocate());
        Assert.Throws<InvalidOperationException>(() => ReleaseTwice(pool, taken[0]));
    }

    [Fact]
    public void The_block_behind_the_last_one_is_preferred_if_it_is_free()
    {
        var pool = new KvPool(4);
        int first = pool.Allocate(), other = pool.Allocate(first + 1);
        Assert.Equal((0, 2), (first, other));
        Assert.Equal(1, pool.Allocate(first));
        Assert.Equal(3, pool.Allocate(first));
        Assert.Equal(-1, pool.Allocate(3));
        pool.CheckIntegrity([new[] { 0, 1, 2, 3 }]);
    }

    [Fact]
    public void A_cached_block_can_be_found_and_shared_until_it_is_evicted()
    {
        var pool = new KvPool(2);
        int block = pool.Allocate();
        pool.AddToCache(block, 77);
        pool.Release(block);
        Assert.Equal((1, 1, 2), (pool.FreeBlocks, pool.IdleBlocks, pool.AvailableBlocks));
        Assert.True(pool.TryFind(77, out int found) && found == block && pool.IsIdle(block));
        pool.AddReference(block);
        pool.AddReference(block);
        pool.CheckIntegrity([new[] { block }, new[] { block }]);
        pool.Release(block);
        Assert.NotEqual(block, pool.Allocate());
        Assert.Equal(-1, pool.Allocate());
        pool.Release(block);
        Assert.Equal(block, pool.Allocate());
        Assert.False(pool.TryFind(77, out _));
        Assert.Equal(1, pool.Evictions);
    }

    [Fact]
    public void A_cleared_cache_finds_nothing_and_blocks_in_use_stay_in_use()
    {
        var pool = new KvPool(3);
        int idle = pool.Allocate(), used = pool.Allocate();
        pool.AddToCache(idle, 77);
        pool.AddToCache(used, 78);
        pool.Release(idle);
        Assert.Equal(2, pool.ClearCache());
        pool.CheckIntegrity([new[] { used }]);
        Assert.False(pool.TryFind(77, out _) || pool.TryFind(78, out _));
        Assert.Equal((2, 0, 1), (pool.FreeBlocks, pool.IdleBlocks, pool.UsedBlocks));
        pool.AddToCache(used, 79);
        pool.Release(used);
        Assert.Equal((2, 1), (pool.FreeBlocks, pool.IdleBlocks));
        pool.CheckIntegrity([]);
    }

    [Fact]
    public void The_least_recently_used_block_is_evicted_first()
    {
        var pool = new KvPool(3);
        int[] blocks = [pool.Allocate(), pool.Allocate(), pool.Allocate()];
        for (int i = 0; i < 3; i++)
        {
            pool.AddToCache(blocks[i], (UInt128)i + 1);
        }

        pool.Release(blocks[1]);
        pool.Release(blocks[0]);
        pool.Release(blocks[2]);
        pool.AddReference(blocks[1]);
        pool.Release(blocks[1]);
        Assert.Equal([blocks[0], blocks[2], blocks[1]], [pool.Allocate(), pool.Allocate(), pool.Allocate()]);
    }

    [Fact]
    public void The_first_block_cached_under_a_hash_stays_the_one_found()
    {
        var pool = new KvPool(2);
        int first = pool.Allocate(), second = pool.Allocate();
        pool.AddToCache(first, 5);
        pool.AddToCache(second, 5);
        Assert.True(pool.TryFind(5, out int found));
        Assert.Equal(first, found);
        pool.Release(second);
        pool.Release(first);
        Assert.Equal((1, 1), (pool.FreeBlocks, pool.IdleBlocks));
        pool.CheckIntegrity([]);
    }

    [Fact]
    public void Idle_cached_blocks_are_freed_oldest_first()
    {
        var time = new FakeTimeProvider();
        var pool = new KvPool(4, time);
        int[] blocks = [pool.Allocate(), pool.Allocate(), pool.Allocate()];
        for (int i = 0; i < 3; i++)
        {
            pool.AddToCache(blocks[i], (UInt128)i + 1);
            pool.Release(blocks[i]);
            time.Advance(TimeSpan.FromSeconds(10));
        }

        // The first is used again, so the second has been idle for longest: 20 s.
        pool.AddReference(blocks[0]);
        Assert.Equal(0, pool.FreeIdleBlocks(TimeSpan.FromSeconds(21)));
        Assert.Equal(1, pool.FreeIdleBlocks(TimeSpan.FromSeconds(20)));
        Assert.Equal((false, true, true), (pool.IsLive(blocks[1]), pool.IsLive(blocks[0]), pool.IsLive(blocks[2])));
        pool.Release(blocks[0]);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(1, pool.FreeIdleBlocks(TimeSpan.FromSeconds(6)));
        Assert.True(pool.TryFind(1, out _) && !pool.TryFind(2, out _) && !pool.TryFind(3, out _));
        pool.CheckIntegrity([]);
        Assert.Equal((3, 1, 0L), (pool.FreeBlocks, pool.IdleBlocks, pool.Evictions));
        Assert.Equal(1, pool.FreeIdleBlocks(TimeSpan.FromSeconds(5)));
        Assert.All(Enumerable.Range(0, 4), block => Assert.False(pool.IsLive(block)));
    }

    [Fact]
    public void A_reset_frees_everything()
    {
        var pool = new KvPool(3);
        pool.AddToCache(pool.Allocate(), 5);
        int idle = pool.Allocate();
        pool.AddToCache(idle, 6);
        pool.Release(idle);
        pool.Reset();
        pool.CheckIntegrity([]);
        Assert.Equal((3, false), (pool.FreeBlocks, pool.TryFind(5, out _)));
        Assert.Equal([0, 1, 2], ((int[])[pool.Allocate(), pool.Allocate(), pool.Allocate()]).Order());
    }

    [Fact]
    public void The_integrity_check_detects_a_lost_block()
    {
        var pool = new KvPool(2);
        int block = pool.Allocate();
        pool.CheckIntegrity([new[] { block }]);
        Assert.Contains($"block {block}", Assert.Throws<InvalidOperationException>(() => pool.CheckIntegrity([])).Message);
        Assert.Throws<InvalidOperationException>(() => pool.CheckIntegrity([new[] { block }, new[] { block }]));
    }

    [Fact]
    public void A_hash_depends_on_tokens_order_prefix_and_salt()
    {
        UInt128 root = BlockHash.Root(null);
        UInt128[] hashes =
        [
            BlockHash.Next(root, [1, 2]), BlockHash.Next(root, [2, 1]), BlockHash.Next(root, [1, 2, 0]),
            BlockHash.Next(BlockHash.Next(root, [1, 2]), [1, 2]), BlockHash.Next(BlockHash.Root("salt"), [1, 2]), BlockHash.Next(BlockHash.Root("other"), [1, 2]),
        ];
        Assert.Equal(hashes.Length, hashes.Distinct().Count());
        Assert.Equal(hashes[0], BlockHash.Next(BlockHash.Root(""), [1, 2]));
        string one = new('A', 64), two = new('B', 64);
        UInt128[] roots = [root, BlockHash.Root("salt"), BlockHash.Root(null, one), BlockHash.Root(null, two), BlockHash.Root("salt", one)];
        Assert.Equal(roots.Length, roots.Distinct().Count());
        Assert.Equal(BlockHash.Root("", one), BlockHash.Root(null, one));
        Assert.NotEqual(BlockHash.Next(root, new int[600]), BlockHash.Next(root, new int[601]));
    }

    private static void ReleaseTwice(KvPool pool, int block)
    {
        pool.Release(block);
        pool.Release(block);
    }
}
