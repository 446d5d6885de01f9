using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The command <c>serve</c> with the demo model, as a process.</summary>
internal sealed class Serving : IDisposable
{
    private Serving(Process process, string greeting)
    {
        Process = process;
        Greeting = greeting;
        Url = Regex.Match(greeting, "http://[0-9.]+:[0-9]+").Value;
    }

    public Process Process { get; }

    public string Greeting { get; }

    public string Url { get; }

    public static async Task<Serving> StartAsync(params string[] more)
    {
        Process process = CliProcess.Start(["serve", "--port", "0", "--threads", "1", "--log-level", "error", .. more], null);
        StringBuilder greeting = new();
        while (!greeting.ToString().Contains("Ctrl-C", StringComparison.Ordinal))
        {
            string? line = await process.StandardOutput.ReadLineAsync().WaitAsync(Wait.Limit);
            Assert.True(line is not null, "The server ended: " + (line is null ? await process.StandardError.ReadToEndAsync() : ""));
            greeting.AppendLine(line);
        }

        return new Serving(process, greeting.ToString());
    }

    public void Dispose()
    {
        if (!Process.HasExited)
        {
            Process.Kill();
            Process.WaitForExit();
        }

        Process.Dispose();
    }
}
