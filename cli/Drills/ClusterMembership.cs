namespace HunyuanOrleans.Cli.Drills;

/// <summary>Where silos and clients of a cluster find each other.</summary>
/// <param name="Kind">The kind of database.</param>
/// <param name="ConnectionString">Connection string in the form of Npgsql or StackExchange.Redis.</param>
internal sealed record ClusterMembership(MembershipKind Kind, string ConnectionString)
{
    /// <summary>The kind as the option --clustering of silos spells it.</summary>
    public string KindName => Kind.ToString().ToLowerInvariant();
}
