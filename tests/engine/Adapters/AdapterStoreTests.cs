using System.Collections.Concurrent;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Adapters;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Adapters;

/// <summary>Adapters within a number of bytes: loaded when asked for, dropped least recently used, never while in use.</summary>
public sealed class AdapterStoreTests
{
    private static readonly string Folder = GoldenAdapter.FolderOf("tiny-dense-qkvo");

    [Fact]
    public async Task An_adapter_that_is_replaced_makes_room_although_it_is_in_use()
    {
        Loader loader = new();
        using AdapterStore store = new(loader, loader.Bytes);
        store.Add("old", Folder);
        store.Add("new", Folder);
        AdapterLease old = await store.AcquireAsync("old", default);
        Task<AdapterLease> waiting = store.AcquireAsync("new", default).AsTask();
        store.Replace("old");
        using (await waiting.WaitAsync(Wait.Limit))
        {
            Assert.Equal(loader.Bytes, store.LoadedBytes);
            Assert.Null(store.TryAcquire("old"));
            old.Dispose();
            Assert.Equal(loader.Bytes, store.LoadedBytes);
        }

        using AdapterLease again = store.TryAcquire("new")!;
        Assert.NotNull(again);
        store.Replace("absent");
    }

    [Fact]
    public async Task The_least_recently_used_adapter_makes_room_and_is_loaded_again()
    {
        Loader loader = new();
        using AdapterStore store = new(loader, 2 * loader.Bytes);
        foreach (string name in new[] { "a", "b", "c" })
        {
            store.Add(name, Folder);
        }

        Assert.Equal(0, store.LoadedBytes);
        await UseAsync(store, "a", "b", "a", "c", "a");
        Assert.Equal(3, loader.Loads);
        await UseAsync(store, "b");
        Assert.Equal(4, loader.Loads);
        await UseAsync(store, "b", "a");
        Assert.Equal(4, loader.Loads);
        Assert.InRange(store.LoadedBytes, 1, 2 * loader.Bytes);
        Assert.Equal(["a", "b", "c"], store.Adapters.Select(static adapter => adapter.Name));
    }

    [Fact]
    public async Task An_adapter_in_use_is_not_dropped_and_others_wait()
    {
        Loader loader = new();
        using AdapterStore store = new(loader, loader.Bytes);
        store.Add("a", Folder);
        store.Add("b", Folder);
        AdapterLease first = await store.AcquireAsync("a", CancellationToken.None);
        Task<AdapterLease> second = store.AcquireAsync("b", CancellationToken.None).AsTask();
        using CancellationTokenSource cancelled = new();
        Task<AdapterLease> third = store.AcquireAsync("b", cancelled.Token).AsTask();
        Assert.Equal(first.Adapter, (await store.AcquireAsync("a", CancellationToken.None)).Adapter);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third.WaitAsync(Wait.Limit));
        Assert.False(second.IsCompleted);
        first.Dispose();
        first.Dispose();
        Assert.False(second.IsCompleted);
        (await store.AcquireAsync("a", CancellationToken.None)).Dispose();
        store.Remove("a");
        Assert.False(second.IsCompleted);
    }

    [Fact]
    public async Task A_waiting_request_goes_on_when_the_last_user_has_ended()
    {
        Loader loader = new();
        using AdapterStore store = new(loader, loader.Bytes);
        store.Add("a", Folder);
        store.Add("b", Folder);
        AdapterLease first = await store.AcquireAsync("a", CancellationToken.None);
        Task<AdapterLease> second = store.AcquireAsync("b", CancellationToken.None).AsTask();
        first.Dispose();
        (await second.WaitAsync(Wait.Limit)).Dispose();
        Assert.Equal(2, loader.Loads);
    }

    [Fact]
    public async Task Removed_adapters_stay_for_those_that_use_them()
    {
        Loader loader = new();
        using AdapterStore store = new(loader);
        store.Add("a", Folder);
        AdapterLease lease = await store.AcquireAsync("a", CancellationToken.None);
        Assert.True(store.Remove("a"));
        Assert.False(store.Remove("a"));
        Assert.Null(store.Find("a"));
        Assert.True(store.LoadedBytes > 0);
        RequestException missing = await Assert.ThrowsAsync<RequestException>(async () => await store.AcquireAsync("a", CancellationToken.None));
        Assert.Equal("model", missing.Parameter);
        lease.Dispose();
        Assert.Equal(0, store.LoadedBytes);
    }

    [Fact]
    public void Wrong_adapters_are_not_added()
    {
        Loader loader = new();
        using AdapterStore store = new(loader, loader.Bytes);
        Assert.Throws<ModelException>(() => store.Add("", Folder));
        Assert.Throws<ModelException>(() => store.Add("a\n", Folder));
        Assert.Throws<ModelException>(() => store.Add("a", Folder + "-none"));
        store.Add("a", Folder);
        Assert.Contains("already an adapter named 'a'", Assert.Throws<ModelException>(() => store.Add("a", Folder)).Message, StringComparison.Ordinal);
        using AdapterStore small = new(loader, loader.Bytes - 1);
        Assert.Contains($"takes {loader.Bytes} bytes in memory; allowed: at most", Assert.Throws<ModelException>(() => small.Add("a", Folder)).Message, StringComparison.Ordinal);
        Assert.Single(store.Adapters);
        Assert.Empty(small.Adapters);
    }

    [Fact]
    public async Task Concurrent_requests_load_an_adapter_once()
    {
        Loader loader = new();
        using AdapterStore store = new(loader, 8 * loader.Bytes);
        string[] names = [.. Enumerable.Range(0, 4).Select(static i => $"a{i}")];
        Array.ForEach(names, name => store.Add(name, Folder));
        ConcurrentBag<LoraAdapter> used = [];
        await Parallel.ForEachAsync(Enumerable.Range(0, 200), async (i, cancellation) =>
        {
            using AdapterLease lease = await store.AcquireAsync(names[i % 4], cancellation);
            used.Add(lease.Adapter);
        });
        Assert.Equal(4, used.Distinct().Count());
        Assert.Equal(4, loader.Loads);
    }

    [Fact]
    public async Task A_load_that_is_cancelled_takes_no_memory_and_keeps_no_other_waiting()
    {
        Loader loader = new();
        using AdapterStore store = new(loader, loader.Bytes);
        store.Add("a", Folder);
        using CancellationTokenSource stop = new();
        loader.BeforeLoad = stop.Cancel;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await store.AcquireAsync("a", stop.Token));
        Assert.Equal((1, 0L), (loader.Loads, store.LoadedBytes));
        loader.BeforeLoad = null;
        using AdapterLease lease = await store.AcquireAsync("a", CancellationToken.None);
        Assert.Equal((2, loader.Bytes), (loader.Loads, store.LoadedBytes));
    }

    [Fact]
    public async Task A_shared_lease_keeps_the_adapter_by_itself()
    {
        Loader loader = new();
        using AdapterStore store = new(loader);
        store.Add("a", Folder);
        AdapterLease lease = await store.AcquireAsync("a", CancellationToken.None);
        store.Remove("a");
        AdapterLease shared = lease.Share();
        Assert.Same(lease.Adapter, shared.Adapter);
        lease.Dispose();
        lease.Dispose();
        Assert.Throws<ObjectDisposedException>(lease.Share);
        Assert.Equal(loader.Bytes, store.LoadedBytes);
        shared.Dispose();
        Assert.Equal(0, store.LoadedBytes);
    }

    [Theory]
    [InlineData("a=b", "a", "b")]
    [InlineData("a=b=c", "a", "b=c")]
    public void A_name_and_a_folder_are_read(string text, string name, string folder)
    {
        Dictionary<string, string> folders = [];
        Assert.Null(AdapterNames.Add(text, folders));
        Assert.Equal(folder, folders[name]);
        Assert.Equal($"gives two adapters the name '{name}'.", AdapterNames.Add(text, folders));
        Assert.Contains("not '=b'", AdapterNames.Add("=b", folders), StringComparison.Ordinal);
        Assert.Contains("not 'a='", AdapterNames.Add("a=", folders), StringComparison.Ordinal);
        Assert.Single(folders);
    }

    private static async Task UseAsync(AdapterStore store, params string[] names)
    {
        foreach (string name in names)
        {
            (await store.AcquireAsync(name, CancellationToken.None)).Dispose();
        }
    }

    private sealed class Loader : IAdapterLoader
    {
        private readonly ModelConfig _model = ModelConfig.Load(TestPaths.Model("tiny-dense"));
        private int _loads;

        public Loader()
        {
            using LoraAdapter adapter = Read(Folder);
            Bytes = adapter.Bytes;
        }

        public long Bytes { get; }

        public int Loads => _loads;

        public Action? BeforeLoad { get; set; }

        public long CheckAdapter(string directory)
        {
            using LoraFolder folder = LoraFolder.Open(directory, _model);
            return Bytes;
        }

        public LoraAdapter LoadAdapter(string directory, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _loads);
            BeforeLoad?.Invoke();
            return Read(directory, cancellationToken);
        }

        private LoraAdapter Read(string directory, CancellationToken cancellationToken = default)
        {
            using LoraFolder folder = LoraFolder.Open(directory, _model);
            return LoraAdapter.Load(folder, _model, null, cancellationToken);
        }
    }
}
