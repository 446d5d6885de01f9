using System.Diagnostics;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>A PostgreSQL server of a drill's own, in a folder that goes with it. It does not know what is stored.</summary>
internal sealed class PostgresServer : IDisposable
{
    private const string DebianFolder = "/usr/lib/postgresql";

    private readonly string _programs;
    private readonly string _folder = Directory.CreateTempSubdirectory("hunyuan-drill-db-").FullName;
    private readonly int _port = Ports.Free();
    private readonly SiloPlace _place;

    private PostgresServer(string programs, SiloPlace place) => (_programs, _place) = (programs, place);

    /// <summary>How to reach it.</summary>
    public string ConnectionString => $"Host={_place.Address};Port={_port};Username=postgres;Database=postgres;Timeout=5";

    private string Data => Path.Combine(_folder, "data");

    /// <summary>Starts a server; null where PostgreSQL is not installed.</summary>
    /// <param name="place">Where it listens.</param>
    /// <exception cref="ModelException">It is installed and does not start.</exception>
    public static PostgresServer? TryStart(SiloPlace place)
    {
        if (Find() is not { } programs)
        {
            return null;
        }

        PostgresServer server = new(programs, place);
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

    /// <summary>Ends the server and deletes its folder.</summary>
    public void Dispose()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
        {
            Execute(Program("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop"));
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static string? Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Concat(Directory.Exists(DebianFolder) ? Directory.GetDirectories(DebianFolder).Select(static folder => Path.Combine(folder, "bin")) : [])
            .FirstOrDefault(static folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "pg_ctl")));

    private void Start()
    {
        if (Environment.IsPrivilegedProcess)
        {
            Require("chown", "postgres", _folder);
        }

        Require(Program("initdb", "-D", Data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C"));

        if (!_place.IsLoopback)
        {
            File.AppendAllText(Path.Combine(Data, "pg_hba.conf"), "host all all samenet trust\n");
        }

        // It holds nothing that must outlive a crash of this machine, and every silo of a drill has several connections.
        Require(Program("pg_ctl", "-D", Data, "-w", "-l", Path.Combine(_folder, "log"),
            "-o", $"-c listen_addresses={_place.Address} -p {_port} -k {_folder} -c fsync=off -c max_connections=400", "start"));
    }

    // The server refuses to run as root.
    private string[] Program(string name, params string[] arguments) =>
        Environment.IsPrivilegedProcess
            ? [.. _place.Enter, "runuser", "-u", "postgres", "--", Path.Combine(_programs, name), .. arguments]
            : [.. _place.Enter, Path.Combine(_programs, name), .. arguments];

    private static void Require(params string[] command)
    {
        int code = Execute(command);
        if (code != 0)
        {
            throw new ModelException($"PostgreSQL for the drill does not start: {string.Join(' ', command)} ended with {code}.");
        }
    }

    private static int Execute(string[] command)
    {
        // To nowhere: the server inherits the streams and would keep a pipe open.
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
