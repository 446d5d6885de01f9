using System.Diagnostics;
using System.Globalization;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.TestSupport;

namespace HunyuanOrleans.Cluster.Tests.Hosts;

/// <summary>Hosts with addresses of their own on this machine, made and harmed by hosts.sh. They are numbered from 1, and gone when this is.</summary>
internal sealed class NetworkHosts : IDisposable
{
    private static readonly string Script = Path.Combine(TestPaths.Root, "tests", "cluster", "Hosts", "hosts.sh");

    public NetworkHosts(int hosts)
    {
        Do("up", hosts);
        DrillHosts = [.. Enumerable.Range(1, hosts).Select(static number => new DrillHost($"10.213.7.{number}", Script, "run", Text(number)))];
    }

    public IReadOnlyList<DrillHost> DrillHosts { get; }

    /// <summary>Why there can be none here; null where there can.</summary>
    public static string? Missing =>
        !Environment.IsPrivilegedProcess ? "Network namespaces need root."
        : ((string[])["ip", "tc", "nft"]).FirstOrDefault(static tool => Run("bash", "-c", $"command -v {tool}").Code != 0) is { } missing ? $"{missing} is not installed."
        : null;

    public void Cut(int host) => Do("cut", host);

    public void Heal(int host) => Do("heal", host);

    public void Kill(int host) => Do("kill", host);

    public void Deaf(int host) => Do("deaf", host);

    public void Close(int host, int port) => Do("close", host, port);

    public void Lose(int percent) => Do("loss", percent);

    public void Limit(string rate) => Do("rate", rate);

    public void Clear() => Do("clear");

    public void Dispose() => Do("down");

    private static void Do(string what, params object[] with)
    {
        (int code, string error) = Run([Script, what, .. with.Select(static w => string.Create(CultureInfo.InvariantCulture, $"{w}"))]);
        if (code != 0)
        {
            throw new InvalidOperationException($"hosts.sh {what} ended with {code}: {error}");
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
