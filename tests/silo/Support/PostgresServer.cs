using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace HunyuanOrleans.Silo.Tests.Support;

/// <summary>A PostgreSQL server in a folder of its own, gone with the test.</summary>
internal sealed class PostgresServer : IDisposable
{
    private static readonly string? Programs = Find();

    private readonly string _folder = Directory.CreateTempSubdirectory("hunyuan-postgres").FullName;
    private readonly int _port;

    public PostgresServer()
    {
        using (Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        }

        if (Environment.IsPrivilegedProcess)
        {
            Run("chown", "postgres", _folder);
        }

        Run(Command("initdb", "-D", Data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C"));
    }

    /// <summary>Why there can be none here; null where there can.</summary>
    public static string? Missing => Programs is null ? "PostgreSQL is not installed." : null;

    public string ConnectionString => $"Host=127.0.0.1;Port={_port};Username=postgres;Database=postgres;Timeout=5";

    private string Data => Path.Combine(_folder, "data");

    public void Start() => Run(Command("pg_ctl", "-D", Data, "-w", "-l", Path.Combine(_folder, "log"),
        "-o", $"-c listen_addresses=127.0.0.1 -p {_port} -k {_folder} -c fsync=off", "start"));

    public void Dispose()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
        {
            Run(Command("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop"));
        }

        Directory.Delete(_folder, recursive: true);
    }

    // The server refuses to run as root.
    private static string[] Command(string program, params string[] arguments) =>
        Environment.IsPrivilegedProcess
            ? ["runuser", "-u", "postgres", "--", Path.Combine(Programs!, program), .. arguments]
            : [Path.Combine(Programs!, program), .. arguments];

    private static void Run(params string[] command)
    {
        // To nowhere: the server inherits the streams and would keep a pipe open.
        ProcessStartInfo start = new("bash") { WorkingDirectory = Path.GetTempPath() };
        foreach (string argument in (string[])["-c", "\"$@\" >/dev/null 2>&1", "run", .. command])
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', command)} ended with {process.ExitCode}");
    }

    private static string? Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Concat(Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").Select(static f => Path.Combine(f, "bin")) : [])
            .FirstOrDefault(static folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "pg_ctl")));
}
