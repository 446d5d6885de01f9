using HunyuanOrleans.Model.Checkpoints;
using Xunit;

namespace HunyuanOrleans.Cli.Tests.Pulling;

/// <summary>Assertions about a folder that was pulled into.</summary>
internal static class PulledFolder
{
    /// <summary>Asserts that the folder holds exactly these files with these contents.</summary>
    public static void AssertHolds(string folder, IEnumerable<KeyValuePair<string, byte[]>> files)
    {
        Assert.Equal(files.Select(static f => f.Key).Order(StringComparer.Ordinal), Names(folder));
        Assert.All(files, file => Assert.Equal(file.Value, File.ReadAllBytes(Path.Combine(folder, file.Key))));
    }

    /// <summary>
    /// Relative paths of the complete files without the list of their digests or, with <paramref name="parts"/>, of the partial files.
    /// </summary>
    public static string[] Names(string folder, bool parts = false) =>
    [
        .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(folder, path))
            .Where(path => path != FileSums.Name && !path.EndsWith("lock", StringComparison.Ordinal) && path.StartsWith(".pull", StringComparison.Ordinal) == parts).Order(StringComparer.Ordinal),
    ];
}
