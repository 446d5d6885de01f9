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
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, (DrillSilo Silo, EmbeddedSilo Running)> _silos = new(StringComparer.Ordinal);
    private int _started;

    /// <inheritdoc/>
    public string Description => "embedded engine, all silos in this process";

    /// <inheritdoc/>
    public IGrainFactory Grains => _cluster.Client;

    /// <inheritdoc/>
    public IReadOnlyList<DrillSilo> Silos
    {
        get
        {
            lock (_gate)
            {
                return [.. _silos.Values.Select(static s => s.Silo)];
            }
        }
    }

    /// <inheritdoc/>
    public int Started => Volatile.Read(ref _started);

    /// <summary>True where no silo is needed for the others to find each other.</summary>
    public bool SurvivesAny => true;

    /// <summary>Makes a cluster without silos.</summary>
    public static Task<DrillCluster> CreateAsync(DrillPlan plan, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(new DrillCluster(plan));
    }

    /// <inheritdoc/>
    public bool CanEnd(DrillSilo silo) => true;

    /// <inheritdoc/>
    public async Task AddAsync(DrillSilo silo, CancellationToken cancellationToken)
    {
        HunyuanSiloOptions options = new()
        {
            Models = [new ModelSettings { Name = plan.ModelName, Directory = plan.Folder, Options = plan.Options }],
            Capacity = plan.Capacity(silo),
        };
        Interlocked.Increment(ref _started);
        EmbeddedSilo running = await _cluster.AddSiloAsync(builder => builder.AddHunyuan(options), silo.Name, cancellationToken);
        lock (_gate)
        {
            _silos.Add(silo.Name, (silo, running));
        }
    }

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
        foreach (EmbeddedSilo silo in _cluster.Silos)
        {
            _cluster.KillSilo(silo);
        }

        return _cluster.DisposeAsync();
    }

    private EmbeddedSilo Take(DrillSilo silo)
    {
        lock (_gate)
        {
            EmbeddedSilo running = _silos[silo.Name].Running;
            _silos.Remove(silo.Name);
            return running;
        }
    }
}
