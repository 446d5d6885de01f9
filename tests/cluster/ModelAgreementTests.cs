using System.Collections.Immutable;
using System.Net;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>Which silos share a model, seen from one silo: it waits for what older silos announce, and keeps nothing about names that no silo knows.</summary>
public sealed class ModelAgreementTests : IDisposable
{
    private static readonly TestModel Model = new("tiny-cla");

    private static readonly SiloCapacity Capacity = new() { Name = "own", MemoryBytes = 1, MemoryBandwidth = 1 };

    private static readonly Dictionary<string, string> Announced = SiloAnnouncement.Of(
        Capacity, "Avx2", new Dictionary<string, string>(), new Dictionary<string, ModelIdentity> { [Model.Name] = ModelIdentity.Parse("protocol=1\nweights=a") });

    private readonly FakeTimeProvider _time = new();
    private readonly SiloAddress _own = Address(10);
    private readonly SiloAnnouncements _announcements;
    private readonly ModelAgreement _agreement;
    private ClusterMembershipSnapshot _members = Snapshot(1);
    private Func<Task<SiloDescription>> _answer = static () => Task.FromException<SiloDescription>(new TimeoutException());
    private int _asked;

    public ModelAgreementTests()
    {
        ILocalSiloDetails silo = Stub.Of<ILocalSiloDetails>(method => method.Name == "get_Name" ? Capacity.Name : _own);
        IClusterMembershipService membership = Stub.Of<IClusterMembershipService>(_ => _members);
        ISiloGrain grain = Stub.Of<ISiloGrain>(_ =>
        {
            _asked++;
            return _answer();
        });
        _announcements = new SiloAnnouncements(new LocalAnnouncement(Announced), silo, membership, Stub.Of<ISiloMetadataCache>(static _ => null));
        _agreement = new ModelAgreement(
            new HunyuanSiloOptions { Capacity = Capacity, Models = [Model.Settings] },
            _announcements, silo, membership, Stub.Of<IGrainFactory>(_ => grain), _time, NullLogger<ModelAgreement>.Instance);
    }

    public void Dispose() => _agreement.Dispose();

    [Theory]
    [InlineData(typeof(TimeoutException))]
    [InlineData(typeof(InvalidDataException))]
    public async Task A_silo_waits_until_each_older_one_has_told_its_model(Type fault)
    {
        _members = Snapshot(1, Address(5), _own);
        _answer = () => Task.FromException<SiloDescription>((Exception)Activator.CreateInstance(fault)!);
        await _agreement.StartAsync(default);
        await TickUntilAsync(() => _asked >= 3);
        Assert.Equal("The models of the other silos are not known yet.", _agreement.FindProblem(Model.Name));
        _answer = static () => Task.FromResult(new SiloDescription(Announced, Leaving: false));
        await TickUntilAsync(() => _agreement.FindProblem(Model.Name) is null);
        await _agreement.StopAsync(default);
    }

    [Fact]
    public async Task Silos_that_do_not_answer_are_asked_less_and_less_often_and_few_at_a_time()
    {
        _members = Snapshot(1, [.. Enumerable.Range(1, 9).Select(Address), _own]);
        TaskCompletionSource<SiloDescription> late = new();
        _answer = () => late.Task;
        await _agreement.StartAsync(default);
        await TickUntilAsync(() => _asked > 0);
        for (int i = 0; i < 12; i++)
        {
            await TickAsync();
        }

        Assert.Equal(4, _asked);
        _answer = static () => Task.FromException<SiloDescription>(new TimeoutException());
        late.SetException(new TimeoutException());

        // Nine silos in a minute, with pauses of 2, 4 and then 8 seconds: at every tick it would be over 2,000 questions.
        for (int i = 0; i < 240; i++)
        {
            await TickAsync();
        }

        Assert.InRange(_asked, 9 * 5, 9 * 12);
        await _agreement.StopAsync(default);

        // Gives the service its turn: it waits for nothing else in between.
        async Task TickAsync()
        {
            _time.Advance(TimeSpan.FromMilliseconds(250));
            await Task.Delay(5);
        }
    }

    [Fact]
    public async Task A_silo_does_not_wait_for_younger_ones()
    {
        _members = Snapshot(1, _own, Address(20));
        await _agreement.StartAsync(default);
        await TickUntilAsync(() => _agreement.FindProblem(Model.Name) is null);
        await _agreement.StopAsync(default);
    }

    [Fact]
    public void Nothing_is_kept_about_names_that_no_silo_knows()
    {
        _members = Snapshot(1, _own);
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal("was started without this model", _announcements.Difference($"invented {i}", _own));
        }

        Assert.Equal(0, _announcements.KeptAgreements);
        Assert.Null(_announcements.Difference(Model.Name, _own));
        Assert.Equal(1, _announcements.KeptAgreements);
        _members = Snapshot(2);
        Assert.Null(_announcements.Reference(Model.Name));
        Assert.Equal(0, _announcements.KeptAgreements);
    }

    [Theory]
    [InlineData("protocol=1\nweights=a", "protocol=1", "")]
    [InlineData("weights=a", "weights=a\nkv-tokens=1", "")]
    [InlineData("weights=a", "protocol=1\nweights=a", "protocol (none instead of 1)")]
    [InlineData("protocol=1\nweights=a", "weights=a", "protocol (1 instead of none)")]
    [InlineData("protocol=2\nweights=a", "protocol=1\nweights=b", "protocol (2 instead of 1), weights (a instead of b)")]
    public void A_protocol_that_only_one_silo_announces_differs(string own, string other, string differences)
    {
        ModelIdentity identity = ModelIdentity.Parse(own), reference = ModelIdentity.Parse(other);
        Assert.Equal(differences, identity.DifferencesFrom(reference));
        Assert.Equal(differences.Length == 0, identity.Matches(reference));
    }

    private Task TickUntilAsync(Func<bool> condition) => Wait.UntilAsync(() =>
    {
        _time.Advance(TimeSpan.FromMilliseconds(250));
        return condition();
    });

    private static SiloAddress Address(int generation) => SiloAddress.New(IPAddress.Loopback, 1000 + generation, generation);

    private static ClusterMembershipSnapshot Snapshot(long version, params SiloAddress[] active) => new(
        active.ToImmutableDictionary(static silo => silo, static silo => new ClusterMember(silo, SiloStatus.Active, $"silo-{silo.Generation}")),
        new MembershipVersion(version));
}
