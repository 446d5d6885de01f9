namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>Finds the model folder that is meant when no --model is given.</summary>
internal static class DefaultModel
{
    /// <summary>Environment variable that names another folder.</summary>
    public const string Variable = "HUNYUAN_MODEL";

    private const string DemoFolder = "demo-model";

    /// <summary>The folder named by <see cref="Variable"/>, else the bundled demo model.</summary>
    /// <exception cref="UsageException">Neither is there.</exception>
    public static string Folder()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            return named;
        }

        // Beside the program where it is installed, above it in a source checkout.
        for (DirectoryInfo? dir = new(AppContext.BaseDirectory); dir is not null; dir = dir.Parent)
        {
            string candidate = Path.Combine(dir.FullName, DemoFolder);
            if (File.Exists(Path.Combine(candidate, "config.json")))
            {
                return candidate;
            }
        }

        throw new UsageException($"No bundled model was found: name a folder with --model or {Variable}.");
    }
}
