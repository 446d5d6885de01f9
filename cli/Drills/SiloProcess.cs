using System.Diagnostics;
using System.Globalization;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>Runs a silo as a process, or several in one.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private const int ShownLogLines = 5;

    private static readonly TimeSpan
        PollInterval = TimeSpan.FromMilliseconds(50), StartTimeout = TimeSpan.FromMinutes(5);
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly Process _process;
    private readonly string _name;
    private readonly string _log;
    private readonly string[] _http;
    private readonly TimeSpan _stopTimeout;
    private readonly TimeProvider _time;

    private SiloProcess(Process process, string name, string log, int siloPort, int gatewayPort, string[] http, TimeSpan stopTimeout, TimeProvider time)
    {
        (_process, _name, _log, _http, _stopTimeout, _time) = (process, name, log, http, stopTimeout, time);
        (SiloPort, GatewayPort) = (siloPort, gatewayPort);
    }

    /// <summary>The port that other silos connect to; of several, that of the first silo.</summary>
    public int SiloPort { get; }

    /// <summary>The port that clients connect to; of several, that of the first silo.</summary>
    public int GatewayPort { get; }

    /// <summary>Starts silos in one process.</summary>
    /// <param name="silos">Each silo's name, and its arguments without name and ports.</param>
    /// <param name="environment">Environment variables. Other variables of this project are removed, except HUNYUAN_ISA.</param>
    /// <param name="log">The file that its output is appended to.</param>
    /// <param name="host">The host that it runs on.</param>
    /// <param name="stopTimeout">How long the silo may take to end when it is told to.</param>
    /// <param name="time">The clock.</param>
    public static SiloProcess Start(
        IReadOnlyList<(string Name, string[] Flags)> silos, IReadOnlyDictionary<string, string> environment, string log, DrillHost host, TimeSpan stopTimeout, TimeProvider time)
    {
        (int Silo, int Gateway, string Http)[] ports = [.. silos.Select(_ => (Ports.FindFree(), Ports.FindFree(), $"http://{host.Address}:{Ports.FindFree()}"))];
        ProcessStartInfo start = new("/bin/sh");

        // The shell replaces itself by exec, so that the process that is killed later is the silo and not the shell.
        string[] arguments =
        [
            "-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "run", log, .. host.CommandPrefix, .. SiloProgram.Command(),
            .. silos.SelectMany((silo, i) => (string[])
            [
                .. i == 0 ? Array.Empty<string>() : ["--and"],
                "--name", silo.Name, "--silo-port", Text(ports[i].Silo), "--gateway-port", Text(ports[i].Gateway), "--urls", ports[i].Http,
                "--advertised-address", host.Address, .. silo.Flags,
            ]),
        ];
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (string variable in start.Environment.Keys.Where(static key => key.StartsWith("HUNYUAN_", StringComparison.Ordinal) && key != "HUNYUAN_ISA").ToArray())
        {
            start.Environment.Remove(variable);
        }

        foreach ((string variable, string value) in environment)
        {
            start.Environment[variable] = value;
        }

        return new SiloProcess(
            Process.Start(start)!, silos[0].Name, log, ports[0].Silo, ports[0].Gateway, [.. ports.Select(static port => port.Http)], stopTimeout, time);
    }

    /// <summary>Waits until all silos report that they have joined their cluster. The model may not be loaded yet.</summary>
    /// <exception cref="ModelException">A silo ended, or did not join within five minutes.</exception>
    public async Task WaitUntilJoinedAsync(CancellationToken cancellationToken)
    {
        long started = _time.GetTimestamp();
        foreach (string http in _http)
        {
            while (!await HasJoinedAsync(http, cancellationToken))
            {
                if (_process.HasExited || _time.GetElapsedTime(started) > StartTimeout)
                {
                    throw new ModelException($"Silo {_name} did not start. {DescribeLog()}");
                }

                await Task.Delay(PollInterval, _time, cancellationToken);
            }
        }
    }

    /// <summary>Kills the silo, as kill -9 does, and waits until its process has ended.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Sends SIGTERM to the silo and waits until its process has ended.</summary>
    /// <exception cref="ModelException">The silo did not stop in time, or ended with an error.</exception>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        using (Process kill = Process.Start("/bin/sh", ["-c", $"kill -TERM {Text(_process.Id)}"]))
        {
            await kill.WaitForExitAsync(cancellationToken);
        }

        if (await WaitForExitAsync(cancellationToken) is not 0 and int code)
        {
            throw new ModelException($"Silo {_name} ended with exit code {code} when it was told to stop. {DescribeLog()}");
        }
    }

    /// <summary>Waits until the silo has ended.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="ModelException">The silo did not end in time.</exception>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _process.WaitForExitAsync(cancellationToken).WaitAsync(_stopTimeout, _time, cancellationToken);
            return _process.ExitCode;
        }
        catch (TimeoutException)
        {
            throw new ModelException($"Silo {_name} did not end within {_stopTimeout.TotalSeconds:0} seconds. {DescribeLog()}");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static async Task<bool> HasJoinedAsync(string http, CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage answer = await Http.GetAsync($"{http}/health/joined", cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private string DescribeLog() => File.Exists(_log)
        ? $"The last lines of its log: {string.Join(" / ", File.ReadLines(_log).TakeLast(ShownLogLines))}"
        : "It wrote no log.";
}
