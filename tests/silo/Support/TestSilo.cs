using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Silo.Tests.Support;

/// <summary>A silo process on free ports, which ends with the test.</summary>
internal sealed class TestSilo : IAsyncDisposable
{
    /// <summary>Far longer than anything here takes: only what never happens fails.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    // The silo's build in the same configuration as these tests.
    private static readonly string Binary = Path.Combine(TestPaths.Root, "silo",
        Path.GetRelativePath(Path.Combine(TestPaths.Root, "tests", "silo"), AppContext.BaseDirectory), "hunyuan-silo.dll");

    private static readonly string Host = Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet");
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly ConcurrentQueue<string> _output = new();
    private readonly Process _process;

    private TestSilo(Process process, int siloPort, int gatewayPort, int httpPort)
    {
        (_process, SiloPort, GatewayPort, HttpPort) = (process, siloPort, gatewayPort, httpPort);
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        void Add(string? line)
        {
            if (line is not null)
            {
                _output.Enqueue(line);
            }
        }
    }

    public int SiloPort { get; }

    public int GatewayPort { get; }

    public int HttpPort { get; }

    public string Output => string.Join('\n', _output);

    public static TestSilo Start(params string[] flags) => Start(flags, null);

    public static TestSilo Start(string[] flags, IReadOnlyDictionary<string, string>? environment)
    {
        int siloPort = FreePort(), gatewayPort = FreePort(), httpPort = FreePort();
        ProcessStartInfo start = new(Host) { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] own = ["--silo-port", $"{siloPort}", "--gateway-port", $"{gatewayPort}", "--urls", $"http://127.0.0.1:{httpPort}"];
        foreach (string argument in (string[])[Binary, .. own, .. flags])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (string name in start.Environment.Keys.Where(static name => name.StartsWith("HUNYUAN_", StringComparison.Ordinal) || name == "REDISCLI_AUTH").ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return new(Process.Start(start)!, siloPort, gatewayPort, httpPort);
    }

    /// <summary>Waits until the silo is ready and sees this many active silos.</summary>
    public Task SeesAsync(int silos) => WaitAsync("/health/ready", HttpStatusCode.OK, $"active, {silos} in the cluster");

    /// <summary>Waits until a GET of a path is answered with this status and a body that contains the text.</summary>
    public async Task WaitAsync(string path, HttpStatusCode status, string text)
    {
        long began = Stopwatch.GetTimestamp();
        string last = "no answer";
        while (Stopwatch.GetElapsedTime(began) < Limit)
        {
            Assert.False(_process.HasExited, $"The silo ended:\n{Output}");
            try
            {
                using HttpResponseMessage answer = await Http.GetAsync($"http://127.0.0.1:{HttpPort}{path}");
                last = $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
                if (answer.StatusCode == status && last.Contains(text, StringComparison.Ordinal))
                {
                    return;
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
            {
                last = exception.Message;
            }

            await Task.Delay(50);
        }

        Assert.Fail($"{path} did not answer {status} with '{text}', last: {last}\n{Output}");
    }

    /// <summary>Waits until the process has ended, and returns its exit code.</summary>
    public async Task<int> ExitAsync()
    {
        using CancellationTokenSource limit = new(Limit);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    public void Terminate() => Signal("TERM");

    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    // The shell's built-in kill: minimal systems have no program of that name.
    private void Signal(string name)
    {
        using Process kill = Process.Start("bash", ["-c", $"kill -{name} {_process.Id}"]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    private static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
