using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Client.Connecting;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Silo.Tests.Support;

/// <summary>A silo process on free ports, which ends with the test.</summary>
internal sealed class TestSilo : IAsyncDisposable
{
    // The silo's build in the same configuration as these tests.
    private static readonly string Binary = Path.Combine(TestPaths.Root, "silo",
        Path.GetRelativePath(Path.Combine(TestPaths.Root, "tests", "silo"), AppContext.BaseDirectory), "hunyuan-silo.dll");

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
        int siloPort = Ports.FindFree(), gatewayPort = Ports.FindFree(), httpPort = Ports.FindFree();
        ProcessStartInfo start = new(TestPaths.Dotnet) { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] own = ["--silo-port", $"{siloPort}", "--gateway-port", $"{gatewayPort}", "--urls", $"http://127.0.0.1:{httpPort}"];
        foreach (string argument in (string[])[Binary, .. own, .. flags])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (string name in start.Environment.Keys.Where(static name => name.StartsWith("HUNYUAN_", StringComparison.Ordinal) || name == RedisConfiguration.PasswordVariable).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return new(Process.Start(start)!, siloPort, gatewayPort, httpPort);
    }

    /// <summary>Waits until the model answers requests that come through the silo.</summary>
    public Task ReadyAsync() => WaitAsync("/health/ready", HttpStatusCode.OK, "is served");

    /// <summary>Waits until the silo has joined and sees this many active silos.</summary>
    public Task SeesAsync(int silos) => WaitAsync("/health/joined", HttpStatusCode.OK, $"active, {silos} in the cluster");

    /// <summary>Waits until a GET of a path is answered with this status and a body that contains the text.</summary>
    public async Task WaitAsync(string path, HttpStatusCode status, string text)
    {
        string expected = $"{(int)status} ";
        try
        {
            await Wait.UntilAsync(
                () => GetAsync(path),
                answer => answer.StartsWith(expected, StringComparison.Ordinal) && answer.Contains(text, StringComparison.Ordinal),
                $"{path} answers {status} with '{text}'");
        }
        catch (TimeoutException timeout)
        {
            Assert.Fail($"{timeout.Message}\n{Output}");
        }
    }

    /// <summary>Waits until the process has ended, and returns its exit code.</summary>
    public async Task<int> ExitAsync()
    {
        using CancellationTokenSource limit = new(Wait.Limit);
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

    // The status and the body of an answer; the error's message if there is no answer.
    private async Task<string> GetAsync(string path)
    {
        Assert.False(_process.HasExited, $"The silo ended:\n{Output}");
        try
        {
            using HttpResponseMessage answer = await Http.GetAsync($"http://127.0.0.1:{HttpPort}{path}");
            return $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return exception.Message;
        }
    }

    // The shell's built-in kill: minimal systems have no program of that name.
    private void Signal(string name)
    {
        using Process kill = Process.Start("bash", ["-c", $"kill -{name} {_process.Id}"]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }
}
