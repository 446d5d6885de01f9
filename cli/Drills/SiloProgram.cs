using System.Runtime.InteropServices;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>Where the program hunyuan-silo is.</summary>
internal static class SiloProgram
{
    private const string File = "hunyuan-silo.dll", Project = "HunyuanOrleans.Silo.csproj";

    /// <summary>The command that starts it, without flags.</summary>
    /// <exception cref="ModelException">It is not installed.</exception>
    public static string[] Command() => [Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"), Find()];

    // Beside this program where it is installed; in a source checkout where its own build put it, from the folder of the same kind of build.
    private static string Find()
    {
        string beside = Path.Combine(AppContext.BaseDirectory, File);
        if (System.IO.File.Exists(beside))
        {
            return beside;
        }

        string build = "";
        for (DirectoryInfo? dir = new(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)); dir is not null; dir = dir.Parent)
        {
            // The project's, not another folder of that name: one with tests has a copy of the program, perhaps an old one.
            string silo = Path.Combine(dir.FullName, "silo"), candidate = Path.Combine(silo, build, File);
            if (System.IO.File.Exists(Path.Combine(silo, Project)) && System.IO.File.Exists(candidate))
            {
                return candidate;
            }

            build = build.StartsWith("bin", StringComparison.Ordinal) ? build : Path.Combine(dir.Name, build);
        }

        throw new ModelException($"The program {File} is not there, neither beside this one nor in a build of the same checkout; the drill starts silos with it.");
    }
}
