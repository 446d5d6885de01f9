using HunyuanOrleans.Embedded;
using Orleans;
using Orleans.Runtime;

namespace HunyuanOrleans.TestSupport.Cluster;

internal sealed class TestCluster : ITestCluster
{
    public const bool KillsMayGoUnnoticed = false;

    private readonly ClusterSetup _setup;
    private int _number = -1;

    private TestCluster(ClusterSetup setup)
    {
        _setup = setup;
        Embedded = new(null, setup.Client);
    }

    public EmbeddedCluster Embedded { get; }

    public IClusterClient Client => Embedded.Client;

    public IReadOnlyList<SiloAddress> Silos => [.. Embedded.Silos.Select(s => s.SiloAddress)];

    public static async Task<TestCluster> StartAsync(int silos, ClusterSetup? setup = null)
    {
        var cluster = new TestCluster(setup ?? new());
        for (var i = 0; i < silos; i++) await cluster.AddSiloAsync();
        return cluster;
    }

    public async Task<SiloAddress> AddSiloAsync()
    {
        var number = Interlocked.Increment(ref _number);
        return (await Embedded.AddSiloAsync(silo =>
        {
            TestDefaults.Apply(silo);
            _setup.Silo?.Invoke(number, silo);
        })).SiloAddress;
    }

    public string NameOf(SiloAddress silo) => Embedded.MembershipService.CurrentSnapshot.Members[silo].Name;

    public Task StopSiloAsync(SiloAddress silo) => Embedded.StopSiloAsync(Find(silo));

    public Task KillSiloAsync(SiloAddress silo)
    {
        Embedded.KillSilo(Find(silo));
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => Embedded.DisposeAsync();

    private EmbeddedSilo Find(SiloAddress silo) => Embedded.Silos.Single(s => s.SiloAddress.Equals(silo));
}
