namespace HunyuanOrleans.Cli.Drills;

/// <summary>The cluster of a drill, on either engine. Disposing it ends everything it started.</summary>
internal interface IDrillCluster : IAsyncDisposable
{
    /// <summary>What runs it: the name of the engine, and how silos find each other, for people.</summary>
    string Description { get; }

    /// <summary>Calls grains from outside of the silos; there is a silo when it is first asked for.</summary>
    IGrainFactory Grains { get; }

    /// <summary>The silos that run, in the order of their names.</summary>
    IReadOnlyList<DrillSilo> Silos { get; }

    /// <summary>How many silos were ever added.</summary>
    int Started { get; }

    /// <summary>True where the cluster goes on without this silo.</summary>
    bool CanEnd(DrillSilo silo);

    /// <summary>Adds a silo; it is active when this is done. Several may be added at once after the first.</summary>
    Task AddAsync(DrillSilo silo, CancellationToken cancellationToken);

    /// <summary>Ends a silo without a warning.</summary>
    Task KillAsync(DrillSilo silo);

    /// <summary>Has a silo hand over and stop; it has ended when this is done.</summary>
    Task StopAsync(DrillSilo silo, CancellationToken cancellationToken);
}
