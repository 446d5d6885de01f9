using System.Diagnostics;
using System.Globalization;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.TestSupport;

namespace HunyuanOrleans.Cluster.Tests.Hosts;

/// <summary>Hosts in network namespaces of this machine, numbered from 1. hosts.sh creates them and breaks their links; <see cref="Dispose"/> removes them.</summary>
internal sealed class NetworkHosts : IDisposable
{
    private static readonly string Script = Path.Combine(TestPaths.Root, "tests", "cluster", "Hosts", "hosts.sh");

    public NetworkHosts(int hosts)
    {
        RunScript("up", hosts);
        DrillHosts = [.. Enumerable.Range(1, hosts).Select(static number => new DrillHost($"10.213.7.{number}", Script, "run", Text(number)))];
    }

    public IReadOnlyList<DrillHost> DrillHosts { get; }

    /// <summary>What this machine lacks to create hosts; null if nothing.</summary>
    public static string? Missing =>
        !Environment.IsPrivilegedProcess ? "Network namespaces need root."
        : ((string[])["ip", "tc", "nft"]).FirstOrDefault(static tool => Run("bash", "-c", $"command -v {tool}").Code != 0) is { } missing ? $"{missing} is not installed."
        : null;

    public void Cut(int host) => RunScript("cut", host);

    public void Heal(int host) => RunScript("heal", host);

    public void Kill(int host) => RunScript("kill", host);

    public void Deaf(int host) => RunScript("deaf", host);

    public void Close(int host, int port) => RunScript("close", host, port);

    public void Lose(int percent) => RunScript("loss", percent);

    public void Limit(string rate) => RunScript("rate", rate);

    public void Clear() => RunScript("clear");

    public void Dispose() => RunScript("down");

    private static void RunScript(string command, params object[] arguments)
    {
        (int code, string error) = Run([Script, command, .. arguments.Select(static a => string.Create(CultureInfo.InvariantCulture, $"{a}"))]);
        if (code != 0)
        {
            throw new InvalidOperationException($"hosts.sh {command} ended with {code}: {error}");
        }
    }

    private static (int Code, string Error) Run(params string[] command)
    {
        using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, error + output.Result);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
