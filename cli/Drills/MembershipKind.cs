namespace HunyuanOrleans.Cli.Drills;

/// <summary>Database in which the silos of a drill store their membership. The names are the values of the silos' option --clustering.</summary>
internal enum MembershipKind
{
    /// <summary>PostgreSQL.</summary>
    Postgres,

    /// <summary>Redis.</summary>
    Redis,
}
