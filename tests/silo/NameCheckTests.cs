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

    [Theory]
    [InlineData("becomes active", true)]
    [InlineData("ends", false)]
    [InlineData("stays", true)]
    public async Task An_elder_silo_waits_for_what_becomes_of_a_younger_one_that_joins(string fate, bool refused)
    {
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        MembershipEntry younger = Entry((IPEndPoint)other.LocalEndpoint, SiloStatus.Joining, Younger);
        Task<bool> check = IsRefusedAsync(younger);
        Assert.False(check.IsCompleted);
        switch (fate)
        {
            case "becomes active":
                younger.Status = SiloStatus.Active;
                break;
            case "ends":
                other.Stop();
                break;
        }

        await Wait.UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            younger.IAmAliveTime = _time.GetUtcNow().UtcDateTime;
            return check.IsCompleted;
        });
        Assert.Equal(refused, await check);
    }

    // Each silo writes itself into the table and then reads it. Neither is active before both have read.
    [Theory]
    [InlineData("ab", "ab")]
    [InlineData("ab", "ba")]
    [InlineData("ba", "ab")]
    [InlineData("ba", "ba")]
    [InlineData("aabb", "")]
    [InlineData("bbaa", "")]
    public async Task Of_two_silos_of_one_name_that_start_together_one_becomes_active(string first, string then)
    {
        using TcpListener listenerA = new(IPAddress.Loopback, 0), listenerB = new(IPAddress.Loopback, 0);
        listenerA.Start();
        listenerB.Start();
        Dictionary<char, MembershipEntry> entries = new()
        {
            ['a'] = Entry((IPEndPoint)listenerA.LocalEndpoint, SiloStatus.Joining, Elder),
            ['b'] = Entry((IPEndPoint)listenerB.LocalEndpoint, SiloStatus.Joining, Younger),
        };
        List<MembershipEntry> table = [];
        Dictionary<char, Task<bool>> checks = [];
        foreach (char silo in first + then)
        {
            if (!table.Contains(entries[silo]))
            {
                table.Add(entries[silo]);
            }
            else
            {
                checks[silo] = IsRefusedAsync(BeforeActive(entries[silo].SiloAddress, [.. table]));
            }
        }

        await Wait.UntilAsync(async () =>
        {
            foreach ((char silo, Task<bool> check) in checks)
            {
                if (check.IsCompleted)
                {
                    entries[silo].Status = await check ? SiloStatus.Dead : SiloStatus.Active;
                }
            }

            _time.Advance(TimeSpan.FromMilliseconds(250));
            return checks.Values.All(static check => check.IsCompleted);
        });
        Assert.Single(await Task.WhenAll(checks.Values), static refused => !refused);
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
        ILifecycleObserver[] observers = Observers(SiloAddress.New(IPAddress.Loopback, 1, OwnGeneration), [entry]);
        bool[] refused = await Task.WhenAll(observers.Select(IsRefusedAsync));
        Assert.Single(refused.Distinct());
        return refused[0];
    }

    private ILifecycleObserver BeforeActive(SiloAddress own, MembershipEntry[] table) => Observers(own, table)[1];

    private ILifecycleObserver[] Observers(SiloAddress own, MembershipEntry[] table)
    {
        MembershipTableData members = new([.. table.Select(static entry => Tuple.Create(entry, ""))], new TableVersion(1, ""));
        NameCheck check = new(
            Stub.Of<IMembershipTable>(_ => Task.FromResult(members)),
            Stub.Of<ILocalSiloDetails>(method => method.Name == "get_Name" ? "a" : own),
            Options.Create(new ClusteringSettings()),
            _time);
        Stages stages = new();
        check.Participate(stages);
        Assert.Equal(2, stages.Observers.Count);
        return [.. stages.Observers];
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
