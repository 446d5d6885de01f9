using HunyuanOrleans.Grains.Adapters;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Adapters;

/// <summary>Requests use as many adapters at the same time as fit.</summary>
public sealed class AdapterLeasesTests
{
    private readonly AdapterLeases _leases = new() { Budget = 10 };

    [Fact]
    public async Task A_request_waits_until_there_is_room_and_those_with_an_adapter_in_use_do_not()
    {
        ClusterAdapter a = await AcquireAsync("a", 6), again = await AcquireAsync("a", 6), b = await AcquireAsync("b", 4);
        Task<ClusterAdapter> c = AcquireAsync("c", 5), behind = AcquireAsync("d", 1);
        using ClusterAdapter third = await AcquireAsync("a", 6);
        b.Dispose();
        b.Dispose();
        Assert.False(c.IsCompleted);
        Assert.False(behind.IsCompleted);
        a.Dispose();
        again.Dispose();
        Assert.False(c.IsCompleted);
        third.Dispose();
        using ClusterAdapter held = await c.WaitAsync(Wait.Limit);
        using ClusterAdapter next = await behind.WaitAsync(Wait.Limit);
        Assert.Equal(["c", "d"], new[] { held, next }.Select(static adapter => adapter.Message.Name));
    }

    [Fact]
    public async Task A_cancelled_request_lets_those_behind_it_go_on()
    {
        using ClusterAdapter a = await AcquireAsync("a", 8);
        using CancellationTokenSource stop = new();
        Task<ClusterAdapter> large = _leases.AcquireAsync(Record("b", 9), stop.Token), small = AcquireAsync("c", 2);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        using ClusterAdapter held = await small.WaitAsync(Wait.Limit);
    }

    [Fact]
    public async Task More_memory_makes_room()
    {
        using ClusterAdapter a = await AcquireAsync("a", 8);
        Task<ClusterAdapter> b = AcquireAsync("b", 8);
        Assert.False(b.IsCompleted);
        _leases.Budget = 16;
        using ClusterAdapter held = await b.WaitAsync(Wait.Limit);
    }

    private Task<ClusterAdapter> AcquireAsync(string name, long bytes) => _leases.AcquireAsync(Record(name, bytes), CancellationToken.None);

    private static AdapterRecord Record(string name, long bytes) => new(name, name, "folder", bytes, 0, 1, false);
}
