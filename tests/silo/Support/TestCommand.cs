using System.Diagnostics;
using HunyuanOrleans.TestSupport;

namespace HunyuanOrleans.Silo.Tests.Support;

/// <summary>Runs the command hunyuan.</summary>
internal static class TestCommand
{
    /// <summary>Runs the command to its end.</summary>
    /// <returns>The exit code, and output and errors together.</returns>
    public static Task<(int ExitCode, string Output)> RunAsync(params string[] arguments) => RunAsync(arguments, new Dictionary<string, string>());

    /// <inheritdoc cref="RunAsync(string[])"/>
    public static async Task<(int ExitCode, string Output)> RunAsync(string[] arguments, IReadOnlyDictionary<string, string> environment)
    {
        ProcessStartInfo start = new(TestPaths.Dotnet)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in (string[])[Path.Combine(AppContext.BaseDirectory, "hunyuan.dll"), .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        // A terminal that knows colours, whose output is redirected all the same.
        start.Environment["TERM"] = "xterm-256color";
        using Process command = Process.Start(start)!;
        Task<string> output = command.StandardOutput.ReadToEndAsync(), error = command.StandardError.ReadToEndAsync();
        await command.WaitForExitAsync().WaitAsync(Wait.Limit);
        return (command.ExitCode, await output + await error);
    }
}
