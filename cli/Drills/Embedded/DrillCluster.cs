using HunyuanOrleans.Embedded;
using HunyuanOrleans.Grains.Hosting;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>The silos of a drill on the embedded engine: all in this process.</summary>
/// <param name="plan">What they are given.</param>
internal sealed class DrillCluster(DrillPlan plan) : IDrillCluster
{
    /// <summary>The engine, as machines name it.</summary>
    public const string Engine = "embedded";

    private readonly EmbeddedCluster _cluster = new();
    private readonly List<(DrillSilo Silo, EmbeddedSilo Running)> _silos = [];

    /// <inheritdoc/>
    public string Description => "embedded engine, all silos in this process";

    /// <inheritdoc/>
    public IGrainFactory Grains => _cluster.Client;

    /// <inheritdoc/>
    public IReadOnlyList<DrillSilo> Silos => [.. _silos.Select(static s => s.Silo)];

    /// <summary>Makes a cluster without silos.</summary>
    public static Task<DrillCluster> CreateAsync(DrillPlan plan, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(new DrillCluster(plan));
    }

    /// <inheritdoc/>
    public bool CanEnd(DrillSilo silo) => true;

    /// <inheritdoc/>
    public async Task AddAsync(DrillSilo silo, CancellationToken cancellationToken) => _silos.Add((silo, await _cluster.AddSiloAsync(
        builder => builder.AddHunyuan(new HunyuanSiloOptions
        {
            Models = [new ModelSettings { Name = plan.ModelName, Directory = plan.Folder, Options = plan.Options }],
            Capacity = plan.Capacity(silo),
        }),
        silo.Name,
        cancellationToken)));

    /// <inheritdoc/>
    public Task KillAsync(DrillSilo silo)
    {
        _cluster.KillSilo(Take(silo));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(DrillSilo silo, CancellationToken cancellationToken) => _cluster.StopSiloAsync(Take(silo), cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        // Killed, not stopped: there is nobody left to hand over to.
        foreach ((_, EmbeddedSilo running) in _silos)
        {
            _cluster.KillSilo(running);
        }

        return _cluster.DisposeAsync();
    }

    private EmbeddedSilo Take(DrillSilo silo)
    {
        int index = _silos.FindIndex(s => s.Silo == silo);
        EmbeddedSilo running = _silos[index].Running;
        _silos.RemoveAt(index);
        return running;
    }
}
