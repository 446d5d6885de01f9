using System.Diagnostics;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>Runs a temporary PostgreSQL server with its data in a temporary folder.</summary>
internal sealed class PostgresServer : IDisposable
{
    private const string DebianFolder = "/usr/lib/postgresql";

    private readonly string _programs;
    private readonly string _folder = Directory.CreateTempSubdirectory("hunyuan-drill-db-").FullName;
    private readonly int _port = Ports.FindFree();
    private readonly DrillHost _host;

    private PostgresServer(string programs, DrillHost host) => (_programs, _host) = (programs, host);

    /// <summary>The connection string of the server.</summary>
    public string ConnectionString => $"Host={_host.Address};Port={_port};Username=postgres;Database=postgres;Timeout=5";

    private string Data => Path.Combine(_folder, "data");

    /// <summary>Starts a server; returns null if PostgreSQL is not installed.</summary>
    /// <param name="host">The host that it runs on.</param>
    /// <exception cref="ModelException">PostgreSQL is installed but does not start.</exception>
    public static PostgresServer? TryStart(DrillHost host)
    {
        if (FindPrograms() is not { } programs)
        {
            return null;
        }

        PostgresServer server = new(programs, host);
        try
        {
            server.Start();
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <summary>Stops the server and deletes its folder.</summary>
    public void Dispose()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
        {
            Execute(Program("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop"));
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static string? FindPrograms() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Concat(Directory.Exists(DebianFolder) ? Directory.GetDirectories(DebianFolder).Select(static folder => Path.Combine(folder, "bin")) : [])
            .FirstOrDefault(static folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "pg_ctl")));

    private void Start()
    {
        if (Environment.IsPrivilegedProcess)
        {
            Run("chown", "postgres", _folder);
        }

        Run(Program("initdb", "-D", Data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C"));

        if (!_host.IsLoopback)
        {
            File.AppendAllText(Path.Combine(Data, "pg_hba.conf"), "host all all samenet trust\n");
        }

        // Without fsync, because the data need not survive a crash of this machine. Every silo of a drill has several connections.
        Run(Program("pg_ctl", "-D", Data, "-w", "-l", Path.Combine(_folder, "log"),
            "-o", $"-c listen_addresses={_host.Address} -p {_port} -k {_folder} -c fsync=off -c max_connections=400", "start"));
    }

    // The server refuses to run as root.
    private string[] Program(string name, params string[] arguments) =>
        Environment.IsPrivilegedProcess
            ? [.. _host.CommandPrefix, "runuser", "-u", "postgres", "--", Path.Combine(_programs, name), .. arguments]
            : [.. _host.CommandPrefix, Path.Combine(_programs, name), .. arguments];

    private static void Run(params string[] command)
    {
        int code = Execute(command);
        if (code != 0)
        {
            throw new ModelException($"PostgreSQL for the drill did not start: {string.Join(' ', command)} ended with exit code {code}.");
        }
    }

    private static int Execute(string[] command)
    {
        // Streams are redirected to /dev/null, because the server inherits them and would keep a pipe open.
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
