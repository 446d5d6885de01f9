using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;
using Orleans.Runtime;

namespace HunyuanOrleans.Cluster.Tests.Support;

/// <summary>A cluster in this process that serves models.</summary>
internal sealed class HunyuanCluster : IAsyncDisposable
{
    private readonly TestModel[] _models;
    private readonly List<SiloAddress> _numbered;

    private HunyuanCluster(TestModel[] models, TestCluster silos)
    {
        _models = models;
        _numbered = [.. silos.Silos];
        Silos = silos;
    }

    public TestCluster Silos { get; }

    /// <summary>The only model of a cluster that serves one.</summary>
    public ModelClient Model => ClientOf(_models.Single());

    /// <summary>Starts a cluster.</summary>
    /// <param name="silos">The number of silos.</param>
    /// <param name="models">The models that every silo is given. A silo loads nothing of a model before its first request.</param>
    /// <param name="options">Changes the options of the silo with the given number.</param>
    /// <param name="setup">Timeouts, and what else the silos and the client are given.</param>
    public static async Task<HunyuanCluster> StartAsync(
        int silos, TestModel[] models, Func<int, HunyuanSiloOptions, HunyuanSiloOptions>? options = null, ClusterSetup? setup = null)
    {
        setup ??= new ClusterSetup();
        TestCluster cluster = await TestCluster.StartAsync(silos, setup with
        {
            ConfigureSilo = (number, silo) =>
            {
                if (FileLog.Path is { } path)
                {
                    silo.Services.AddSingleton<ILoggerProvider>(new FileLog(path));
                }

                setup.ConfigureSilo?.Invoke(number, silo);
                HunyuanSiloOptions usual = Options(number, models);
                usual = setup.FailsFast ? usual with { ExpertCallTimeout = ClusterSetup.FastExpertCallTimeout } : usual;
                silo.AddHunyuan(options?.Invoke(number, usual) ?? usual);
            },
        });
        return new HunyuanCluster(models, cluster);
    }

    /// <inheritdoc cref="StartAsync(int, TestModel[], Func{int, HunyuanSiloOptions, HunyuanSiloOptions}?, ClusterSetup?)"/>
    public static Task<HunyuanCluster> StartAsync(
        int silos, TestModel model, Func<int, HunyuanSiloOptions, HunyuanSiloOptions>? options = null, ClusterSetup? setup = null) =>
        StartAsync(silos, [model], options, setup);

    public ModelClient ClientOf(TestModel model) => _models.Contains(model)
        ? new ModelClient(Silos, model)
        : throw new ArgumentException($"The cluster does not serve {model.Name}.", nameof(model));

    /// <summary>The name of the silo that was added as the given number, counted from 0.</summary>
    public string NameOf(int number) => Silos.NameOf(_numbered[number]);

    /// <summary>The names of the silos that run.</summary>
    public string[] RunningSilos() => [.. Silos.Silos.Select(Silos.NameOf)];

    public Task KillAsync(string name) => Silos.KillSiloAsync(Find(name));

    public Task StopAsync(string name) => Silos.StopSiloAsync(Find(name));

    public async Task AddAsync() => _numbered.Add(await Silos.AddSiloAsync());

    public ValueTask DisposeAsync() => Silos.DisposeAsync();

    private static HunyuanSiloOptions Options(int number, TestModel[] models) => new()
    {
        Models = [.. models.Select(static model => model.Settings)],
        Capacity = new SiloCapacity { Name = $"silo-{number}", MemoryBytes = 1L << 32, MemoryBandwidth = 50e9 },
        StepProbeInterval = TimeSpan.FromMilliseconds(100),
        PlanDelay = TimeSpan.FromMilliseconds(20),
        StepDeadline = Wait.Limit,
        LeaveGrace = Wait.Limit,
    };

    private SiloAddress Find(string name) => Silos.Silos.First(silo => Silos.NameOf(silo) == name);
}
