using System.Collections.Immutable;
using System.Net;
using System.Reflection;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Adapters;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Execution;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.Runtime;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Adapters;

/// <summary>What requests and plans wait for while silos have not told which adapters they can use.</summary>
public sealed class AdapterDirectoryTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1), MostOfIt = TimeSpan.FromSeconds(55);

    private static readonly AdapterRecord Record = new("x", "digest", "folder", 1, 0, 1, false);

    private static readonly AdapterReport Report = new([Record], [], 100, []);

    private readonly FakeTimeProvider _time = new();
    private readonly Dictionary<string, Func<Task<AdapterReport?>>> _silos = [];
    private readonly ClusterView _view;
    private readonly AdapterDirectory _directory;

    public AdapterDirectoryTests()
    {
        IGrainFactory grains = FakeGrains.Create((key, method) => method.Name == nameof(ISiloGrain.SyncAdaptersAsync)
            ? _silos[key.Split('@')[^1]]()
            : throw new InvalidOperationException($"{method.Name} is not expected."));
        _view = new ClusterView(grains, Members.Create("a", "b"), null!, _time);
        _directory = new AdapterDirectory("m", _view, NullLogger.Instance, _time, Deadline);
    }

    [Fact]
    public async Task Requests_wait_as_long_as_silos_read_their_adapters()
    {
        _silos["a"] = _silos["b"] = Reading;
        Task<ClusterAdapter> request = _directory.AcquireAsync("x", null, CancellationToken.None);
        for (int i = 0; i < 5; i++)
        {
            await SyncAsync();
            Assert.True(_view.AwaitsSilos);
            _time.Advance(MostOfIt);
        }

        _silos["a"] = _silos["b"] = Ready;
        await SyncAsync();
        Assert.False(_view.AwaitsSilos);
        using ClusterAdapter adapter = await request.WaitAsync(Wait.Limit);
        Assert.Equal("digest", adapter.Digest);
    }

    [Fact]
    public async Task Without_news_of_adapters_requests_end_at_the_deadline_as_those_without_a_route_do()
    {
        _silos["a"] = Ready;
        _silos["b"] = Lost;
        await SyncAsync();
        Task<ClusterAdapter> request = _directory.AcquireAsync("x", null, CancellationToken.None);
        _time.Advance(Deadline);
        ExecutorException late = await Assert.ThrowsAsync<ExecutorException>(() => request.WaitAsync(Wait.Limit));
        Assert.Contains("not known yet", late.Message, StringComparison.Ordinal);

        // An adapter that no silo knows is an error of the request.
        _silos["b"] = Ready;
        await SyncAsync();
        await Assert.ThrowsAsync<RequestException>(() => _directory.AcquireAsync("y", null, CancellationToken.None));
    }

    [Fact]
    public async Task A_silo_that_told_nothing_is_asked_again_although_there_are_no_adapters_yet()
    {
        _silos["a"] = static () => Task.FromResult<AdapterReport?>(Report with { Records = [] });
        _silos["b"] = Lost;
        await SyncAsync();
        await SyncAsync();
        await SyncAsync();
        Assert.False(_view.AwaitsSilos);
        Assert.NotNull(_view.RetryTime);
        _silos["b"] = _silos["a"];
        await SyncAsync();
        Assert.Null(_view.RetryTime);
    }

    [Fact]
    public async Task A_silo_that_reads_is_left_out_until_it_has_read()
    {
        _silos["a"] = Ready;
        _silos["b"] = Reading;
        Assert.Equal(["a"], await SyncAsync());
        Assert.True(_view.AwaitsSilos);
        Assert.True(_view.HasExcluded);
        _silos["b"] = Ready;
        Assert.Equal(["a", "b"], await SyncAsync());
        Assert.False(_view.HasExcluded);
    }

    private static Task<AdapterReport?> Ready() => Task.FromResult<AdapterReport?>(Report);

    private static Task<AdapterReport?> Reading() => Task.FromResult<AdapterReport?>(null);

    private static Task<AdapterReport?> Lost() => Task.FromException<AdapterReport?>(new TimeoutException("The call was lost."));

    private async Task<string[]> SyncAsync()
    {
        SiloCapacity[] silos = [.. new[] { "a", "b" }.Select(static name => new SiloCapacity { Name = name, MemoryBytes = 1, MemoryBandwidth = 1 })];
        return [.. (await _directory.SyncAsync(silos, CancellationToken.None).WaitAsync(Wait.Limit)).Select(static silo => silo.Name)];
    }

    /// <summary>The members of a cluster that does not change.</summary>
    public class Members : DispatchProxy
    {
        private ClusterMembershipSnapshot _snapshot = null!;

        public static IClusterMembershipService Create(params string[] names)
        {
            object proxy = Create<IClusterMembershipService, Members>();
            ((Members)proxy)._snapshot = new ClusterMembershipSnapshot(
                names.Select(static (name, i) => new ClusterMember(SiloAddress.New(IPAddress.Loopback, 1000 + i, 1), SiloStatus.Active, name))
                    .ToImmutableDictionary(static member => member.SiloAddress),
                new MembershipVersion(1));
            return (IClusterMembershipService)proxy;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name == "get_CurrentSnapshot"
            ? _snapshot
            : throw new InvalidOperationException($"{targetMethod.Name} is not expected.");
    }
}
