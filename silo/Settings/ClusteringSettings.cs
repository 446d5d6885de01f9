namespace HunyuanOrleans.Silo.Settings;

/// <summary>How silos find each other, and how fast they notice that one is gone.</summary>
public sealed class ClusteringSettings
{
    /// <summary>Where the list of silos is stored. Default localhost.</summary>
    [Flag("clustering", "where silos find each other: localhost, postgres or redis", "localhost")]
    public ClusteringKind Kind { get; set; } = ClusteringKind.Localhost;

    /// <summary>Connection string of the database, in the form of Npgsql or StackExchange.Redis. Required unless the kind is localhost.</summary>
    [Flag("connection-string", "connection string of the database; required unless clustering is localhost")]
    public string? ConnectionString { get; set; }

    /// <summary>With localhost clustering, ADDRESS:PORT of the first silo. Default: this silo is the first.</summary>
    [Flag("primary-endpoint", "localhost clustering: ADDRESS:PORT of the first silo", "this silo is the first")]
    public string? PrimaryEndpoint { get; set; }

    /// <summary>Name of the cluster: silos with different names do not see each other. Default hunyuan.</summary>
    [Flag("cluster-id", "name of the cluster", "hunyuan")]
    public string ClusterId { get; set; } = "hunyuan";

    /// <summary>Name of the service, which stays when a new cluster replaces this one. Default hunyuan.</summary>
    [Flag("service-id", "name of the service", "hunyuan")]
    public string ServiceId { get; set; } = "hunyuan";

    /// <summary>Seconds between probes of other silos, and seconds until a probe fails. Default 1. Lower finds dead silos sooner and suspects slow ones more easily.</summary>
    [Flag("probe-timeout", "seconds between probes of silos, and until a probe fails", "1")]
    public double ProbeTimeoutSeconds { get; set; } = 1;

    /// <summary>
    /// Probes in a row that must fail before a silo is suspected. Default 3. A killed silo is found after about this many probe timeouts, a silo that is
    /// cut off after about twice as many.
    /// </summary>
    [Flag("missed-probes", "failed probes before a silo is suspected", "3")]
    public int MissedProbes { get; set; } = 3;

    /// <summary>
    /// Silos that must suspect a silo before it is declared dead; in clusters of two or three, fewer are enough. Default 2. More votes protect better
    /// against one silo with a broken network and take longer.
    /// </summary>
    [Flag("votes", "silos that must suspect a silo before it is declared dead", "2")]
    public int Votes { get; set; } = 2;

    /// <summary>
    /// Seconds after which a silo that stopped writing to the database counts as gone, if no silo is left to probe it. Default 15. Lower lets a cluster
    /// that was killed as a whole come back sooner. Every silo writes three times in this time.
    /// </summary>
    [Flag("stale-after", "seconds without a heartbeat in the database after which a silo counts as gone", "15")]
    public double StaleAfterSeconds { get; set; } = 15;

    /// <summary>Seconds a starting silo waits for the database, and for the other silos to answer. Default 60. Then it ends with an error.</summary>
    [Flag("join-timeout", "seconds a starting silo waits for database and silos", "60")]
    public double JoinTimeoutSeconds { get; set; } = 60;
}
