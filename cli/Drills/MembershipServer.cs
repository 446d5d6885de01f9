using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>
/// A database server for the membership of a drill's silos, with its data in a temporary folder. Disposing it stops the server and deletes the folder.
/// </summary>
/// <param name="host">The host it runs on.</param>
internal abstract class MembershipServer(DrillHost host) : IDisposable
{
    /// <summary>How silos and clients reach it.</summary>
    public abstract ClusterMembership Membership { get; }

    /// <summary>Name of the database product.</summary>
    public abstract string Product { get; }

    /// <summary>TCP port it listens on.</summary>
    public int Port { get; } = Ports.FindFree();

    /// <summary>The host it runs on.</summary>
    protected DrillHost Host => host;

    /// <summary>The server's folder.</summary>
    protected string Folder { get; } = Directory.CreateTempSubdirectory("hunyuan-drill-db-").FullName;

    /// <summary>PostgreSQL if installed, else Redis if installed, else null.</summary>
    public static MembershipKind? FirstInstalled => Enum.GetValues<MembershipKind>().Cast<MembershipKind?>().FirstOrDefault(static kind => Missing(kind!.Value) is null);

    /// <summary>Says that a kind of database is not installed; null if it is installed.</summary>
    public static string? Missing(MembershipKind kind) => kind switch
    {
        MembershipKind.Postgres => PostgresServer.IsInstalled ? null : "PostgreSQL is not installed.",
        _ => RedisServer.IsInstalled ? null : "redis-server is not installed.",
    };

    /// <summary>Creates a server that is not started yet.</summary>
    /// <param name="kind">The kind of database; null for <see cref="FirstInstalled"/>.</param>
    /// <param name="host">The host to run it on.</param>
    /// <returns>The server; null if <paramref name="kind"/> is null and neither database is installed.</returns>
    /// <exception cref="ModelException">The given kind of database is not installed.</exception>
    public static MembershipServer? TryCreate(MembershipKind? kind, DrillHost host)
    {
        kind ??= FirstInstalled;
        return kind is null ? null
            : Missing(kind.Value) is { } missing ? throw new ModelException(missing)
            : kind == MembershipKind.Postgres ? new PostgresServer(host) : new RedisServer(host);
    }

    /// <summary>Starts the server. It accepts connections when this returns.</summary>
    /// <exception cref="ModelException">It does not start.</exception>
    public abstract void Start();

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Stops the server if it runs.</summary>
    protected abstract void Stop();

    /// <summary>The folders to search for programs.</summary>
    protected static IEnumerable<string> ProgramFolders => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
}
