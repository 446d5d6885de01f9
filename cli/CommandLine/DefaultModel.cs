namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>Finds the model folder to use when the command line has no --model.</summary>
internal static class DefaultModel
{
    /// <summary>The environment variable that names the folder.</summary>
    public const string Variable = "HUNYUAN_MODEL";

    private const string DemoFolder = "demo-model";

    /// <summary>The folder named by <see cref="Variable"/>, otherwise the bundled demo model.</summary>
    /// <exception cref="UsageException">The variable is not set and there is no demo model.</exception>
    public static string Folder()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            return named;
        }

        return Bundled();
    }

    /// <summary>The bundled demo model.</summary>
    /// <exception cref="UsageException">There is none.</exception>
    public static string Bundled()
    {
        // An installed program has the demo model beside it; in a source checkout it is in a folder above.
        for (DirectoryInfo? dir = new(AppContext.BaseDirectory); dir is not null; dir = dir.Parent)
        {
            string candidate = Path.Combine(dir.FullName, DemoFolder);
            if (File.Exists(Path.Combine(candidate, "config.json")))
            {
                return candidate;
            }
        }

        throw new UsageException($"The bundled model was not found: name a folder with --model or {Variable}.");
    }
}
