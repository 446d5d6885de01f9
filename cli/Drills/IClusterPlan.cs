namespace HunyuanOrleans.Cli.Drills;

/// <summary>What a <see cref="DrillCluster"/> needs to know of the silos it starts.</summary>
internal interface IClusterPlan
{
    /// <summary>Database for the membership; null: PostgreSQL if installed, else Redis if installed, else none.</summary>
    MembershipKind? Membership => null;

    /// <summary>Folder for what silo processes write to their logs; null keeps nothing.</summary>
    string? Logs { get; }

    /// <summary>Whether the first silo may end, so that the membership must not be in its memory.</summary>
    bool NeedsDatabase { get; }

    /// <summary>Silos in each process. Where there are several, they can only be ended together. Default: one.</summary>
    int SilosInProcess => 1;

    /// <summary>How long a silo may take to end when it is told to. Default: two minutes.</summary>
    TimeSpan StopTimeout => TimeSpan.FromMinutes(2);

    /// <summary>More environment variables of the silo processes. Default: none.</summary>
    IReadOnlyDictionary<string, string> Environment => System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty;

    /// <summary>The arguments of a silo, without those of its role, its ports and the clustering.</summary>
    IReadOnlyList<string> Flags(DrillSilo silo);
}
