using System.Diagnostics;
using HunyuanOrleans.TestSupport;

namespace HunyuanOrleans.Web.Tests;

/// <summary>Chromium, driven from Node.js by playwright-core, which is installed once into artifacts/.</summary>
internal sealed class Browser
{
    private const string Driver = "1.65.1";
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];
    private static readonly string Folder = Path.Combine(TestPaths.Root, "artifacts", "playwright-core-" + Driver);

    private Browser(string program, string? missing) => (Program, Missing) = (program, missing);

    public string Program { get; }

    /// <summary>What is missing on this machine; null if nothing is.</summary>
    public string? Missing { get; }

    /// <summary>Finds the browser and its driver, and installs them if it can.</summary>
    public static async Task<Browser> FindAsync()
    {
        if (OnPath("node") is null || OnPath("npm") is null)
        {
            return new Browser("", "Node.js with npm is not installed.");
        }

        if (Chromium() is null && Environment.IsPrivilegedProcess && OnPath("apt-get") is not null)
        {
            await RunAsync("apt-get", "/", "install", "-y", "-q", "--no-install-recommends", "chromium");
        }

        if (Chromium() is not string program)
        {
            return new Browser("", "Chromium is not installed.");
        }

        if (!File.Exists(Path.Combine(Folder, "node_modules", "playwright-core", "package.json")))
        {
            Directory.CreateDirectory(Folder);
            await File.WriteAllTextAsync(Path.Combine(Folder, "package.json"), """{"private":true,"type":"module"}""");
            (int code, string output) = await RunAsync("npm", Folder, "install", "--no-audit", "--no-fund", "--ignore-scripts", "playwright-core@" + Driver);
            if (code != 0)
            {
                return new Browser("", "npm could not install playwright-core: " + output);
            }
        }

        return new Browser(program, null);
    }

    /// <summary>Runs main.mjs of a folder of scripts and returns its output.</summary>
    public async Task<string> RunAsync(string scripts, string given)
    {
        // Node.js resolves modules relative to the script, so the scripts are copied beside them.
        foreach (string file in Directory.GetFiles(scripts, "*.mjs"))
        {
            File.Copy(file, Path.Combine(Folder, Path.GetFileName(file)), overwrite: true);
        }

        (int code, string output) = await RunAsync("node", Folder, "main.mjs", given);
        return code == 0 ? output : $"{output}\nnode ended with {code}.";
    }

    private static string? Chromium() => Names.Select(OnPath).FirstOrDefault(path => path is not null);

    private static string? OnPath(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    private static async Task<(int Code, string Output)> RunAsync(string program, string folder, params string[] arguments)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }
}
