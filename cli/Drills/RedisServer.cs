using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>A Redis server that keeps its data in memory only.</summary>
internal sealed class RedisServer : MembershipServer
{
    private const string Program = "redis-server";

    private static readonly TimeSpan StartTime = TimeSpan.FromMinutes(2), Interval = TimeSpan.FromMilliseconds(20);

    private static readonly string? ProgramPath =
        ProgramFolders.Select(static folder => Path.Combine(folder, Program)).FirstOrDefault(File.Exists);

    private readonly string? _password;
    private Process? _process;

    /// <summary>Creates a server that is not started yet.</summary>
    /// <param name="host">The host to run it on.</param>
    /// <param name="password">Password that clients must give; null for none.</param>
    public RedisServer(DrillHost host, string? password = null)
        : base(host) => _password = password;

    /// <summary>True if Redis is installed.</summary>
    public static bool IsInstalled => ProgramPath is not null;

    /// <inheritdoc/>
    public override ClusterMembership Membership => new(
        MembershipKind.Redis, string.Create(CultureInfo.InvariantCulture, $"{Host.Address}:{Port}{(_password is null ? "" : $",password={_password}")}"));

    /// <inheritdoc/>
    public override string Product => "Redis";

    private string Log => Path.Combine(Folder, "log");

    /// <inheritdoc/>
    public override void Start()
    {
        // exec: the process that is killed later is the server itself.
        string[] arguments =
        [
            "-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "run", Log, .. Host.CommandPrefix, ProgramPath!,
            "--bind", Host.Address, "--port", Port.ToString(CultureInfo.InvariantCulture), "--dir", Folder,
            "--save", "", "--appendonly", "no", "--protected-mode", "no", .. (string[])(_password is null ? [] : ["--requirepass", _password]),
        ];
        ProcessStartInfo start = new("/bin/sh") { WorkingDirectory = Folder };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        long began = Stopwatch.GetTimestamp();
        while (!Accepts())
        {
            if (_process.WaitForExit(Interval) || Stopwatch.GetElapsedTime(began) > StartTime)
            {
                throw new ModelException($"{Program} does not start: {File.ReadLines(Log).LastOrDefault(static line => line.Length > 0)}");
            }
        }
    }

    /// <inheritdoc/>
    protected override void Stop()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process?.Dispose();
        _process = null;
    }

    private bool Accepts()
    {
        try
        {
            using TcpClient client = new(Host.Address, Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
