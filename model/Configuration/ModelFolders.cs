namespace HunyuanOrleans.Model.Configuration;

/// <summary>Says what is wrong with a path that is no model folder.</summary>
internal static class ModelFolders
{
    private const int Named = 16;

    /// <summary>Checks that a folder has its config.</summary>
    /// <exception cref="ModelException">It has none; the message names sub-folders that have one.</exception>
    public static void RequireConfig(string directory, string config)
    {
        if (!Directory.Exists(directory))
        {
            throw new ModelException($"{directory}: there is no such folder; allowed: a model folder with a config.json, or a GGUF file.");
        }

        if (File.Exists(config))
        {
            return;
        }

        IEnumerable<string> folders = Directory.EnumerateDirectories(directory).Where(static d => File.Exists(Path.Combine(d, "config.json")));
        string[] models = [.. folders.Select(static d => Path.GetFileName(d)).Order(StringComparer.Ordinal)];
        if (models.Length > 0)
        {
            throw new ModelException(
                $"{directory}: the folder has no config.json, but {models.Length} of its sub-folders do; allowed: one of them: " +
                $"{string.Join(", ", models.Take(Named))}{(models.Length > Named ? ", …" : "")}.");
        }
    }
}
