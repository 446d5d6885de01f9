namespace HunyuanOrleans.Silo.Settings;

/// <summary>How silos find each other, and how fast they notice that one is gone.</summary>
public sealed class ClusteringSettings
{
    /// <summary>Where the list of silos is. Default localhost.</summary>
    [Flag("clustering", "localhost, postgres or redis; localhost")]
    public ClusteringKind Kind { get; set; } = ClusteringKind.Localhost;

    /// <summary>Connection string of the database, in the form of Npgsql or StackExchange.Redis. Needed unless the kind is localhost.</summary>
    [Flag("connection-string", "of the database; needed unless clustering is localhost")]
    public string? ConnectionString { get; set; }

    /// <summary>With localhost clustering, ADDRESS:PORT of the first silo. Default: this silo is the first.</summary>
    [Flag("primary-endpoint", "localhost clustering: ADDRESS:PORT of the first silo")]
    public string? PrimaryEndpoint { get; set; }

    /// <summary>Name of this run of the cluster; silos of other names are strangers. Default hunyuan.</summary>
    [Flag("cluster-id", "name of the cluster; hunyuan")]
    public string ClusterId { get; set; } = "hunyuan";

    /// <summary>Name of the service, which stays when the cluster is set up anew. Default hunyuan.</summary>
    [Flag("service-id", "name of the service; hunyuan")]
    public string ServiceId { get; set; } = "hunyuan";

    /// <summary>Seconds between, and for, probes of other silos. Default 1. Lower finds dead silos sooner and suspects slow ones more easily.</summary>
    [Flag("probe-timeout", "seconds between, and for, probes of silos; 1")]
    public double ProbeTimeoutSeconds { get; set; } = 1;

    /// <summary>Probes in a row that must fail before a silo is suspected. Default 3. Silos that are killed are found after about this many probe timeouts, those that
    /// are cut off after about twice as many.</summary>
    [Flag("missed-probes", "failed probes before a silo is suspected; 3")]
    public int MissedProbes { get; set; } = 3;

    /// <summary>
    /// Silos that must suspect one before it is declared dead; in clusters of two or three, fewer are enough. Default 2. More protects better against
    /// one silo with a broken network and takes longer.
    /// </summary>
    [Flag("votes", "silos that must suspect one for it to be dead; 2")]
    public int Votes { get; set; } = 2;

    /// <summary>
    /// Seconds after which a silo's silence in the database counts as its end, when nobody is left to probe it. Default 15. Lower lets a cluster that
    /// was killed as a whole come back sooner; every silo writes three times as often as this.
    /// </summary>
    [Flag("stale-after", "seconds of silence in the database that mean the end; 15")]
    public double StaleAfterSeconds { get; set; } = 15;

    /// <summary>Seconds a starting silo waits for the database, and for the others to answer. Default 60. Then it ends with an error.</summary>
    [Flag("join-timeout", "seconds a starting silo waits for database and silos; 60")]
    public double JoinTimeoutSeconds { get; set; } = 60;
}
