using System.Text.RegularExpressions;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Structure.Tests;

/// <summary>docs/structure.md is a map of the repository: every folder that it names exists, and every folder of a room has its line.</summary>
public sealed partial class MapTests
{
    private static readonly string Map = File.ReadAllText(Path.Combine(TestPaths.Root, "docs", "structure.md"));

    private static readonly string[] Named = [.. Row().Matches(Map).Select(static match => match.Groups[1].Value)];

    [Fact]
    public void Folders_on_the_map_exist() =>
        Assert.All(Named, static folder => Assert.True(Directory.Exists(Path.Combine(TestPaths.Root, folder)), $"{folder} is on the map and does not exist."));

    [Fact]
    public void Folders_of_rooms_are_on_the_map()
    {
        IEnumerable<string> folders = Room.All.SelectMany(static room => room.Sources)
            .Select(static file => Path.GetRelativePath(TestPaths.Root, Path.GetDirectoryName(file)!))
            .Distinct();
        Assert.Empty(Room.All.SelectMany(static room => room.Folders).Except(Named));
        Assert.All(folders, static folder => Assert.True(
            Named.Any(named => folder == named || (folder.StartsWith(named + "/", StringComparison.Ordinal) && named.Contains('/'))), $"{folder} is not on the map."));
    }

    [GeneratedRegex(@"^\| `([\w/-]+)/` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
