using System.Net;
using System.Net.Sockets;
using HunyuanOrleans.Silo.Clustering;
using HunyuanOrleans.Silo.Hosting;
using HunyuanOrleans.Silo.Settings;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Orleans;
using Orleans.Runtime;
using Xunit;

namespace HunyuanOrleans.Silo.Tests;

/// <summary>Which members of the same name keep a silo from starting.</summary>
public sealed class NameCheckTests
{
    private const int OwnGeneration = 10, Elder = 9, Younger = 11;

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(SiloStatus.Active, Elder, true)]
    [InlineData(SiloStatus.Active, Younger, true)]
    [InlineData(SiloStatus.Joining, Elder, true)]
    [InlineData(SiloStatus.Joining, Younger, false)]
    [InlineData(SiloStatus.Created, Elder, false)]
    [InlineData(SiloStatus.ShuttingDown, Elder, false)]
    [InlineData(SiloStatus.Dead, Elder, false)]
    [InlineData(SiloStatus.Dead, Younger, false)]
    public async Task An_active_silo_or_an_elder_one_that_joins_has_the_name(SiloStatus status, int generation, bool refused)
    {
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        Assert.Equal(refused, await IsRefusedAsync(Entry((IPEndPoint)other.LocalEndpoint, status, generation)));
    }

    [Fact]
    public async Task A_silo_that_is_gone_or_silent_or_has_another_name_does_not_have_the_name()
    {
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        var endpoint = (IPEndPoint)other.LocalEndpoint;
        MembershipEntry silent = Entry(endpoint, SiloStatus.Active, Elder), renamed = Entry(endpoint, SiloStatus.Active, Elder);
        silent.IAmAliveTime = silent.StartTime = _time.GetUtcNow().UtcDateTime.AddDays(-1);
        renamed.SiloName = "b";
        Assert.False(await IsRefusedAsync(silent));
        Assert.False(await IsRefusedAsync(renamed));
        MembershipEntry gone = Entry(endpoint, SiloStatus.Active, Elder);
        other.Stop();
        Assert.False(await IsRefusedAsync(gone));
    }

    private MembershipEntry Entry(IPEndPoint endpoint, SiloStatus status, int generation)
    {
        DateTime now = _time.GetUtcNow().UtcDateTime;
        return new MembershipEntry
        {
            SiloAddress = SiloAddress.New(endpoint, generation), SiloName = "a", Status = status, StartTime = now, IAmAliveTime = now,
        };
    }

    private async Task<bool> IsRefusedAsync(MembershipEntry entry)
    {
        MembershipTableData members = new([Tuple.Create(entry, "")], new TableVersion(1, ""));
        NameCheck check = new(
            Stub.Of<IMembershipTable>(_ => Task.FromResult(members)),
            Stub.Of<ILocalSiloDetails>(static method => method.Name == "get_Name" ? "a" : SiloAddress.New(IPAddress.Loopback, 1, OwnGeneration)),
            Options.Create(new ClusteringSettings()),
            _time);
        Stages stages = new();
        check.Participate(stages);
        Assert.Equal(2, stages.Observers.Count);
        bool[] refused = await Task.WhenAll(stages.Observers.Select(IsRefusedAsync));
        Assert.Single(refused.Distinct());
        return refused[0];
    }

    private static async Task<bool> IsRefusedAsync(ILifecycleObserver observer)
    {
        try
        {
            await observer.OnStart();
            return false;
        }
        catch (SiloStartException)
        {
            return true;
        }
    }

    private sealed class Stages : ISiloLifecycle
    {
        public List<ILifecycleObserver> Observers { get; } = [];

        public int HighestCompletedStage => 0;

        public int LowestStoppedStage => 0;

        public IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer)
        {
            Observers.Add(observer);
            return new MemoryStream();
        }
    }
}
