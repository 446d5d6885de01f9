using System.Collections.Concurrent;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Engine.Adapters;
using HunyuanOrleans.Grains.Adapters;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Adapters;

/// <summary>Steps that need the same adapters wait for one load, and a load that nobody needs ends.</summary>
public sealed class StepAdapterLoadsTests : IDisposable
{
    private static readonly TestModel Model = new("tiny-top8-nocla");

    private readonly TestAdapters _adapters = new(Model, 1);
    private readonly AdapterStore _store;
    private readonly FakeTimeProvider _time = new();
    private readonly ConcurrentQueue<CancellationToken> _loads = [];
    private readonly TaskCompletionSource _gate = new();
    private readonly StepAdapterLoads _shared;

    public StepAdapterLoadsTests()
    {
        _store = new AdapterStore(new Loader());
        _store.Add("a0", _adapters.Folders["a0"]);
        _shared = new StepAdapterLoads(LoadAsync, _time);
    }

    public void Dispose()
    {
        _shared.Dispose();
        _store.Dispose();
        _adapters.Dispose();
    }

    [Fact]
    public async Task Calls_for_a_set_that_is_being_loaded_join_its_load()
    {
        for (int call = 0; call < 100; call++)
        {
            Assert.Null(await _shared.WaitAsync(Named("a0"), TimeSpan.Zero, CancellationToken.None));
        }

        Task<StepAdapters?>[] steps = [.. Enumerable.Range(0, 3).Select(_ => _shared.WaitAsync(Named("a0"), Timeout.InfiniteTimeSpan, CancellationToken.None))];
        Assert.Equal(1, _shared.Count);
        _gate.SetResult();
        StepAdapters?[] sets = await Task.WhenAll(steps).WaitAsync(Wait.Limit);
        Assert.Single(_loads);
        Assert.Single(sets.Select(static set => set![1]).Distinct());
        Assert.Equal(0, _shared.Count);

        // Each keeps the adapter in memory, whatever the others do.
        Assert.True(_store.Remove("a0"));
        sets[0]!.Dispose();
        sets[1]!.Dispose();
        sets[1]!.Dispose();
        Assert.True(_store.LoadedBytes > 0);
        sets[2]!.Dispose();
        Assert.Equal(0, _store.LoadedBytes);
    }

    [Fact]
    public async Task A_load_ends_when_nobody_has_waited_for_a_while()
    {
        Assert.Null(await _shared.WaitAsync(Named("a0"), TimeSpan.Zero, CancellationToken.None));
        using CancellationTokenSource stop = new();
        Task<StepAdapters?> step = _shared.WaitAsync(Named("a0"), Timeout.InfiniteTimeSpan, stop.Token);
        await Wait.UntilAsync(() => _loads.Count == 1);
        _time.Advance(3 * StepAdapterLoads.AbandonTime);
        Assert.False(_loads.Single().IsCancellationRequested);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => step);
        _time.Advance(StepAdapterLoads.AbandonTime - TimeSpan.FromTicks(1));
        Assert.False(_loads.Single().IsCancellationRequested);
        _time.Advance(TimeSpan.FromTicks(1));
        await Wait.UntilAsync(() => _loads.Single().IsCancellationRequested && _shared.Count == 0);

        // The next one that needs the set loads it anew.
        _gate.SetResult();
        using StepAdapters? set = await _shared.WaitAsync(Named("a0"), Timeout.InfiniteTimeSpan, CancellationToken.None);
        Assert.NotNull(set);
        Assert.Equal(2, _loads.Count);
    }

    [Fact]
    public async Task A_silo_that_stops_ends_its_loads()
    {
        Task<StepAdapters?> step = _shared.WaitAsync(Named("a0"), Timeout.InfiniteTimeSpan, CancellationToken.None);
        await Wait.UntilAsync(() => _loads.Count == 1);
        _shared.Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => step.WaitAsync(Wait.Limit));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _shared.WaitAsync(Named("a0"), TimeSpan.Zero, CancellationToken.None));
        Assert.Equal(0, _store.LoadedBytes);
    }

    [Fact]
    public async Task A_load_that_ends_while_nobody_waits_keeps_nothing_in_use()
    {
        Assert.Null(await _shared.WaitAsync(Named("a0"), TimeSpan.Zero, CancellationToken.None));
        _gate.SetResult();
        await Wait.UntilAsync(() => _shared.Count == 0);
        Assert.True(_store.LoadedBytes > 0);
        _store.Remove("a0");
        Assert.Equal(0, _store.LoadedBytes);
    }

    [Fact]
    public async Task A_failure_reaches_all_that_wait_and_the_next_call_tries_again()
    {
        Task<StepAdapters?>[] steps = [.. Enumerable.Range(0, 2).Select(_ => _shared.WaitAsync(Named("none"), Timeout.InfiniteTimeSpan, CancellationToken.None))];
        _gate.SetResult();
        foreach (Task<StepAdapters?> step in steps)
        {
            await Assert.ThrowsAnyAsync<Exception>(() => step.WaitAsync(Wait.Limit));
        }

        await Assert.ThrowsAnyAsync<Exception>(() => _shared.WaitAsync(Named("none"), Timeout.InfiniteTimeSpan, CancellationToken.None));
        Assert.Equal(2, _loads.Count);
    }

    [Fact]
    public async Task Asking_what_a_set_covers_allocates_nothing()
    {
        _gate.SetResult();
        using StepAdapters set = (await _shared.WaitAsync(Named("a0"), Timeout.InfiniteTimeSpan, CancellationToken.None))!;
        Assert.True(Ask(set));
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool all = true;
        for (int round = 0; round < 1000; round++)
        {
            all &= Ask(set);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(all);

        static bool Ask(StepAdapters set) => set.Cover(1) & set.Cover(1, 0) & set.ChangeExperts(1);
    }

    private static AdapterMessage[] Named(string name) => [new(name, name, "folder")];

    private async Task<StepAdapters> LoadAsync(AdapterMessage[] adapters, CancellationToken cancellationToken)
    {
        _loads.Enqueue(cancellationToken);
        await _gate.Task.WaitAsync(cancellationToken);
        StepAdapters set = new(1);
        set.Add(await _store.AcquireAsync(adapters[0].Name, cancellationToken));
        return set;
    }

    private sealed class Loader : IAdapterLoader
    {
        public long CheckAdapter(string directory)
        {
            using LoraFolder folder = LoraFolder.Open(directory, Model.Config);
            return LoraAdapter.BytesOf(folder);
        }

        public LoraAdapter LoadAdapter(string directory, CancellationToken cancellationToken = default)
        {
            using LoraFolder folder = LoraFolder.Open(directory, Model.Config);
            return LoraAdapter.Load(folder, Model.Config, null, cancellationToken);
        }
    }
}
