using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>
/// A database server for the membership of a drill's silos, with its data in a temporary folder. Disposing it stops the server and deletes the folder.
/// </summary>
/// <param name="place">The host it runs on.</param>
internal abstract class MembershipServer(SiloPlace place) : IDisposable
{
    /// <summary>How silos and clients reach it.</summary>
    public abstract ClusterMembership Membership { get; }

    /// <summary>Name of the database product.</summary>
    public abstract string Product { get; }

    /// <summary>TCP port it listens on.</summary>
    public int Port { get; } = Ports.Free();

    /// <summary>The host it runs on.</summary>
    protected SiloPlace Place => place;

    /// <summary>The server's folder.</summary>
    protected string Folder { get; } = Directory.CreateTempSubdirectory("hunyuan-drill-db-").FullName;

    /// <summary>Creates a server that is not started yet.</summary>
    /// <param name="kind">The kind of database; null for PostgreSQL if installed, else Redis.</param>
    /// <param name="place">The host to run it on.</param>
    /// <returns>The server; null if <paramref name="kind"/> is null and neither database is installed.</returns>
    /// <exception cref="ModelException">The given kind of database is not installed.</exception>
    public static MembershipServer? TryCreate(MembershipKind? kind, SiloPlace place)
    {
        MembershipServer? server = kind switch
        {
            MembershipKind.Postgres => PostgresServer.TryCreate(place),
            MembershipKind.Redis => RedisServer.TryCreate(place),
            _ => (MembershipServer?)PostgresServer.TryCreate(place) ?? RedisServer.TryCreate(place),
        };
        return server is null && kind is not null ? throw new ModelException($"{NotInstalled(kind.Value)} Leave out --clustering to do without.") : server;
    }

    /// <summary>The sentence that a kind of database is not installed.</summary>
    public static string NotInstalled(MembershipKind kind) =>
        kind == MembershipKind.Postgres ? "PostgreSQL (initdb, pg_ctl) is not installed." : "Redis (redis-server) is not installed.";

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

    /// <summary>The folders in which programs are looked for.</summary>
    protected static IEnumerable<string> ProgramFolders => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
}
