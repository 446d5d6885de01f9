namespace HunyuanOrleans.Silo.Settings;

/// <summary>Where the membership of the cluster is stored.</summary>
public enum ClusteringKind
{
    /// <summary>In the memory of the first silo, for one machine. The cluster does not survive that silo.</summary>
    Localhost,

    /// <summary>In a PostgreSQL database.</summary>
    Postgres,

    /// <summary>In a Redis database.</summary>
    Redis,
}
