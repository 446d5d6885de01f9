using Xunit;

namespace HunyuanOrleans.Cli.Tests.Pulling;

/// <summary>Checks on a folder that was pulled into.</summary>
internal static class PulledFolder
{
    /// <summary>It holds these files with these contents, and nothing else.</summary>
    public static void Holds(string folder, IEnumerable<KeyValuePair<string, byte[]>> files)
    {
        Assert.Equal(files.Select(static f => f.Key).Order(StringComparer.Ordinal), Names(folder));
        Assert.All(files, file => Assert.Equal(file.Value, File.ReadAllBytes(Path.Combine(folder, file.Key))));
    }

    /// <summary>Relative paths of the files under their final names or, with <paramref name="parts"/>, of the unfinished ones.</summary>
    public static string[] Names(string folder, bool parts = false) =>
    [
        .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(folder, path))
            .Where(path => !path.EndsWith("lock", StringComparison.Ordinal) && path.StartsWith(".pull", StringComparison.Ordinal) == parts).Order(StringComparer.Ordinal),
    ];
}
