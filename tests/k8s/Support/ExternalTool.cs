using System.Diagnostics;
using Xunit;

namespace HunyuanOrleans.K8s.Tests.Support;

/// <summary>Runs external programs that some checks need.</summary>
internal static class ExternalTool
{
    /// <summary>Whether a program is on the path.</summary>
    public static bool Exists(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>Runs a program and waits for its end. Skips the test if it is not installed.</summary>
    /// <param name="program">Its name.</param>
    /// <param name="folder">Its working directory.</param>
    /// <param name="missing">What is not checked without it.</param>
    /// <param name="arguments">Its arguments.</param>
    public static (int Code, string Output) Run(string program, string folder, string missing, params string[] arguments)
    {
        Skip.IfNot(Exists(program), $"{program} is not installed: {missing}");
        using Process process = Process.Start(
            new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, process.ExitCode == 0 ? output : output + error.Result);
    }
}
