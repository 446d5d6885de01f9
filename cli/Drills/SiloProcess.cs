using System.Diagnostics;
using System.Globalization;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>One silo as a process.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private const int LinesShown = 5;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50), StartTime = TimeSpan.FromMinutes(5), StopTime = TimeSpan.FromMinutes(2);
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly Process _process;
    private readonly string _name;
    private readonly string _log;
    private readonly string _http;
    private readonly TimeProvider _time;

    private SiloProcess(Process process, string name, string log, int siloPort, int gatewayPort, string http, TimeProvider time)
    {
        (_process, _name, _log, _http, _time) = (process, name, log, http, time);
        (SiloPort, GatewayPort) = (siloPort, gatewayPort);
    }

    /// <summary>Where other silos call it.</summary>
    public int SiloPort { get; }

    /// <summary>Where clients call it.</summary>
    public int GatewayPort { get; }

    /// <summary>Starts a silo.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="flags">What it is given beyond name and ports.</param>
    /// <param name="environment">Environment variables.</param>
    /// <param name="log">File that what it prints is appended to.</param>
    /// <param name="place">The host it runs on.</param>
    /// <param name="time">The clock.</param>
    public static SiloProcess Start(
        string name, string[] flags, IReadOnlyDictionary<string, string> environment, string log, SiloPlace place, TimeProvider time)
    {
        int siloPort = Ports.Free(), gatewayPort = Ports.Free();
        string http = $"http://{place.Address}:{Ports.Free()}";
        ProcessStartInfo start = new("/bin/sh");

        // exec: the process that is killed later is the silo itself.
        string[] arguments =
        [
            "-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "run", log, .. place.Enter, .. SiloProgram.Command(),
            "--name", name, "--silo-port", Text(siloPort), "--gateway-port", Text(gatewayPort), "--urls", http, "--advertised-address", place.Address, .. flags,
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

        return new SiloProcess(Process.Start(start)!, name, log, siloPort, gatewayPort, http, time);
    }

    /// <summary>Waits until it is active in the cluster.</summary>
    /// <exception cref="ModelException">It ended, or did not get ready in time.</exception>
    public async Task ReadyAsync(CancellationToken cancellationToken)
    {
        long began = _time.GetTimestamp();
        while (!await IsReadyAsync(cancellationToken))
        {
            if (_process.HasExited || _time.GetElapsedTime(began) > StartTime)
            {
                throw new ModelException($"Silo {_name} does not start. {LastWords()}");
            }

            await Task.Delay(Look, _time, cancellationToken);
        }
    }

    /// <summary>Ends it as kill -9 does.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Tells it to stop, and waits until it has.</summary>
    /// <exception cref="ModelException">It did not stop in time, or ended with an error.</exception>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        using (Process kill = Process.Start("/bin/sh", ["-c", $"kill -TERM {Text(_process.Id)}"]))
        {
            await kill.WaitForExitAsync(cancellationToken);
        }

        if (await EndsAsync(cancellationToken) is not 0 and int code)
        {
            throw new ModelException($"Silo {_name} ended with {code} when told to stop. {LastWords()}");
        }
    }

    /// <summary>Waits until it has ended by itself.</summary>
    /// <returns>Its exit code.</returns>
    /// <exception cref="ModelException">It goes on.</exception>
    public async Task<int> EndsAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _process.WaitForExitAsync(cancellationToken).WaitAsync(StopTime, _time, cancellationToken);
            return _process.ExitCode;
        }
        catch (TimeoutException)
        {
            throw new ModelException($"Silo {_name} did not end within {StopTime.TotalSeconds:0} seconds. {LastWords()}");
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

    private async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage answer = await Http.GetAsync($"{_http}/health/ready", cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private string LastWords() =>
        File.Exists(_log) ? $"Its last words: {string.Join(" / ", File.ReadLines(_log).TakeLast(LinesShown))}" : "It said nothing.";
}
