using System.Diagnostics;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.K8s.Tests.Support;

/// <summary>
/// The image's folder /app, published from this build with the commands of the Dockerfile.
/// </summary>
public sealed class PublishedFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hunyuan-app-");

    public PublishedFolder()
    {
        foreach (string[] arguments in Dockerfile.Read().Publishes)
        {
            string[] own = [.. arguments.Select(a => a == "/app" ? Path : a)];
            (int code, string output) = Run(TestPaths.Root, ["publish", .. own, "--no-build", "-nodeReuse:false", "--nologo", "-v", "quiet"]);
            Assert.True(code == 0, output);
        }

        foreach (string file in Directory.GetFiles(TestPaths.DemoModel))
        {
            string copy = System.IO.Path.Combine(Directory.CreateDirectory(System.IO.Path.Combine(Path, "demo-model")).FullName, System.IO.Path.GetFileName(file));
            File.Copy(file, copy);
        }
    }

    public string Path => _folder.FullName;

    /// <summary>Runs a command of a manifest, which begins with dotnet and a path in /app.</summary>
    public (int Code, string Output) RunCommand(IEnumerable<string> command, params (string Name, string Value)[] environment) =>
        Run(Path, [.. command.Skip(1).Select(Here)], environment);

    /// <summary>Starts a program of the folder.</summary>
    public Process Start(string program, IEnumerable<string> arguments, IEnumerable<(string Name, string Value)> environment)
    {
        ProcessStartInfo start = Info(Path, [System.IO.Path.Combine(Path, program), .. arguments]);
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Every file with its length and time of change.</summary>
    public string[] Contents() =>
        [.. _folder.EnumerateFiles("*", SearchOption.AllDirectories).Select(static f => $"{f.FullName} {f.Length} {f.LastWriteTimeUtc:O}").Order(StringComparer.Ordinal)];

    public void Dispose() => _folder.Delete(recursive: true);

    private static (int Code, string Output) Run(string folder, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = Info(folder, arguments);
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.Result);
    }

    // As in the image, without settings from the environment of the tests.
    private static ProcessStartInfo Info(string folder, IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(TestPaths.Dotnet, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string name in start.Environment.Keys.Where(static n => n.StartsWith("HUNYUAN_", StringComparison.Ordinal) || n.StartsWith("HF_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        // Variables that the SDK sets for its own processes would mislead the program.
        start.Environment.Remove("MSBuildSDKsPath");
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        return start;
    }

    private string Here(string argument) => argument.StartsWith("/app/", StringComparison.Ordinal) ? System.IO.Path.Combine(Path, argument["/app/".Length..]) : argument;
}
