using System.Runtime.InteropServices;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>Finds the program hunyuan-silo.</summary>
internal static class SiloProgram
{
    private const string File = "hunyuan-silo.dll", Project = "HunyuanOrleans.Silo.csproj";

    /// <summary>The command that starts the program, without arguments.</summary>
    /// <exception cref="ModelException">The program is not installed.</exception>
    public static string[] Command() => [Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"), Find()];

    // An installed program is in the same folder as this one. In a source checkout it is in the output folder of its own project, in the same
    // configuration as this one.
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
            // Only a folder with the project file counts: tests/silo has a copy of the program too, which may be old.
            string silo = Path.Combine(dir.FullName, "silo"), candidate = Path.Combine(silo, build, File);
            if (System.IO.File.Exists(Path.Combine(silo, Project)) && System.IO.File.Exists(candidate))
            {
                return candidate;
            }

            build = build.StartsWith("bin", StringComparison.Ordinal) ? build : Path.Combine(dir.Name, build);
        }

        throw new ModelException($"The program {File}, which the drill starts silos with, was found neither beside this program nor in a build of the same checkout.");
    }
}
