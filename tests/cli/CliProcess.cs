using System.Diagnostics;
using System.Text;
using System.Text.Json;
using HunyuanOrleans.TestSupport;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>Runs the command as a process.</summary>
internal static class CliProcess
{
    // The command's output folder has the same relative path as that of the tests, such as bin/Release/net10.0.
    internal static readonly string Binary = Path.Combine(TestPaths.Root, "cli",
        Path.GetRelativePath(Path.Combine(TestPaths.Root, "tests", "cli"), AppContext.BaseDirectory), "hunyuan.dll");

    /// <summary>Runs the command to its end.</summary>
    public static CliResult Run(params string[] args) => Run(args, input: "", null);

    /// <summary>Runs the command to its end with an input and environment variables.</summary>
    public static CliResult Run(string[] args, string input, IReadOnlyDictionary<string, string>? environment)
    {
        using Process process = Start(args, environment);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        try
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The process ended without reading its input. Its exit code tells why.
        }

        process.WaitForExit();
        return new CliResult(process.ExitCode, output.Result, error.Result);
    }

    /// <summary>Starts the command. The caller owns the process and its streams.</summary>
    public static Process Start(string[] args, IReadOnlyDictionary<string, string>? environment)
    {
        UTF8Encoding utf8 = new(false);
        ProcessStartInfo start = new(TestPaths.Dotnet)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = utf8,
            StandardOutputEncoding = utf8,
            StandardErrorEncoding = utf8,
        };
        start.ArgumentList.Add(Binary);
        foreach (string arg in args)
        {
            start.ArgumentList.Add(arg);
        }

        start.Environment.Remove("HUNYUAN_MODEL");
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Sends SIGINT, as Ctrl-C does. Uses the kill of the shell, because small systems have no program of that name.</summary>
    public static void Interrupt(Process process)
    {
        using Process kill = Process.Start("bash", ["-c", $"kill -INT {process.Id}"]);
        kill.WaitForExit();
    }
}

/// <summary>The result of a run of the command.</summary>
internal sealed record CliResult(int Code, string Output, string Error)
{
    /// <summary>Asserts that the run succeeded, and parses its output as JSON.</summary>
    public JsonElement Json()
    {
        Xunit.Assert.True(Code == 0, $"exit code {Code}: {Error}");
        return JsonDocument.Parse(Output).RootElement;
    }

    /// <summary>Asserts that the run ended with an exit code, no output, and one line on the error stream that contains all <paramref name="parts"/>.</summary>
    public void FailedWith(int code, params string[] parts)
    {
        Xunit.Assert.True(Code == code, $"exit code {Code} instead of {code}: {Error}");
        Xunit.Assert.Equal("", Output);
        string line = Xunit.Assert.Single(Error.TrimEnd('\n').Split('\n'));
        foreach (string part in parts)
        {
            Xunit.Assert.Contains(part, line, StringComparison.Ordinal);
        }
    }
}
