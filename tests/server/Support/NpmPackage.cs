using System.Diagnostics;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Server.Tests.Support;

/// <summary>A package from npm that is installed once, below artifacts. Tests that need it are skipped where it cannot be installed.</summary>
/// <param name="name">The package's name.</param>
/// <param name="version">Its version.</param>
internal sealed class NpmPackage(string name, string version)
{
    /// <summary>Installs the package unless it is there. Returns the folder from which scripts find it.</summary>
    public async Task<string> InstallAsync()
    {
        string folder = Path.Combine(TestPaths.Root, "artifacts", $"{name.Replace('/', '-').TrimStart('@')}-npm-{version}");
        if (!File.Exists(Path.Combine(folder, "node_modules", name, "package.json")))
        {
            Directory.CreateDirectory(folder);
            await File.WriteAllTextAsync(Path.Combine(folder, "package.json"), """{"private":true,"type":"module"}""");
            (int code, string output) = await RunAsync("npm", folder, "install", "--no-audit", "--no-fund", $"{name}@{version}");
            Skip.If(code != 0, $"npm could not install {name}: {output}");
        }

        return folder;
    }

    /// <summary>Runs scenarios of tests/server/clients, and checks that each of them prints that it succeeded.</summary>
    /// <param name="script">The script's name.</param>
    /// <param name="scenarios">The names of its scenarios.</param>
    /// <param name="arguments">The script's arguments.</param>
    public async Task RunScenariosAsync(string script, IEnumerable<string> scenarios, params string[] arguments)
    {
        string folder = await InstallAsync();
        File.Copy(Path.Combine(TestPaths.Root, "tests", "server", "clients", script), Path.Combine(folder, script), overwrite: true);
        (int code, string output) = await RunAsync("node", folder, [script, .. arguments]);
        Assert.Equal(scenarios.Select(scenario => $"ok {scenario}"), output.TrimEnd().Split('\n'));
        Assert.Equal(0, code);
    }

    /// <summary>Runs a program. The test is skipped if it is not installed.</summary>
    public static async Task<(int Code, string Output)> RunAsync(string program, string folder, params string[] arguments)
    {
        Process? process = null;
        try
        {
            process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true });
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Skip.If(true, $"{program} is not installed.");
        }

        Task<string> output = process!.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }
}
