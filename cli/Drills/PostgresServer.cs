using System.Diagnostics;
using System.Globalization;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>A PostgreSQL server that trusts every client.</summary>
internal sealed class PostgresServer : MembershipServer
{
    // Debian keeps the server's programs out of the PATH, in one folder for each version.
    private const string DebianFolder = "/usr/lib/postgresql";

    private static readonly string? ProgramFolder =
        ProgramFolders
            .Concat(Directory.Exists(DebianFolder) ? Directory.GetDirectories(DebianFolder).Select(static folder => Path.Combine(folder, "bin")) : [])
            .FirstOrDefault(static folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "pg_ctl")));

    /// <summary>Creates a server that is not started yet.</summary>
    /// <param name="host">The host to run it on.</param>
    public PostgresServer(DrillHost host)
        : base(host)
    {
    }

    /// <summary>True if PostgreSQL's server is installed.</summary>
    public static bool IsInstalled => ProgramFolder is not null;

    /// <inheritdoc/>
    public override ClusterMembership Membership => new(
        MembershipKind.Postgres,
        string.Create(CultureInfo.InvariantCulture, $"Host={Host.Address};Port={Port};Username=postgres;Database=postgres;Timeout=5"));

    /// <inheritdoc/>
    public override string Product => "PostgreSQL";

    private string Data => Path.Combine(Folder, "data");

    /// <inheritdoc/>
    public override void Start()
    {
        if (Environment.IsPrivilegedProcess)
        {
            Require("chown", "postgres", Folder);
        }

        Require(Command("initdb", "-D", Data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C"));

        if (!Host.IsLoopback)
        {
            File.AppendAllText(Path.Combine(Data, "pg_hba.conf"), "host all all samenet trust\n");
        }

        // fsync=off: the data need not survive a crash of this machine. max_connections: every silo of a drill opens several connections.
        Require(Command("pg_ctl", "-D", Data, "-w", "-l", Path.Combine(Folder, "log"),
            "-o", $"-c listen_addresses={Host.Address} -p {Port} -k {Folder} -c fsync=off -c max_connections=400", "start"));
    }

    /// <inheritdoc/>
    protected override void Stop()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
        {
            Execute(Command("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop"));
        }
    }

    // The server refuses to run as root.
    private string[] Command(string name, params string[] arguments) =>
        Environment.IsPrivilegedProcess
            ? [.. Host.CommandPrefix, "runuser", "-u", "postgres", "--", Path.Combine(ProgramFolder!, name), .. arguments]
            : [.. Host.CommandPrefix, Path.Combine(ProgramFolder!, name), .. arguments];

    private static void Require(params string[] command)
    {
        int code = Execute(command);
        if (code != 0)
        {
            throw new ModelException($"PostgreSQL does not start: {string.Join(' ', command)} ended with {code}.");
        }
    }

    private static int Execute(string[] command)
    {
        // The server inherits the streams and would keep a pipe open, so they are redirected to nowhere.
        ProcessStartInfo start = new("/bin/sh") { WorkingDirectory = Path.GetTempPath() };
        foreach (string argument in (string[])["-c", "\"$@\" >/dev/null 2>&1 </dev/null", "run", .. command])
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
