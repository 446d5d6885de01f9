using System.Text.RegularExpressions;
using HunyuanOrleans.K8s.Tests.Support;
using HunyuanOrleans.Silo.Settings;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.K8s.Tests;

/// <summary>docs/operating.md lists the silo's settings as --help does, and quotes messages that exist in the code.</summary>
public sealed partial class ManualTests
{
    private static readonly string Manual = File.ReadAllText(Path.Combine(TestPaths.Root, "docs", "operating.md"));

    [Fact]
    public void The_table_of_the_silos_settings_is_that_of_its_help()
    {
        string[] rows = [.. Regex.Matches(Manual, @"^\| flag \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", RegexOptions.Multiline)
            .SelectMany(static table => table.Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries))];
        Assert.Equal(SettingTable.All.Select(Row), rows);
    }

    [Fact]
    public void Every_message_in_the_table_of_troubles_is_in_the_source()
    {
        string[] sources = [.. ((string[])["kernels", "cuda", "model", "text", "grammar", "contracts", "engine", "grains", "silo", "server", "client", "cli"])
            .SelectMany(static room => Directory.EnumerateFiles(Path.Combine(TestPaths.Root, room), "*.cs", SearchOption.AllDirectories))
            .Where(static file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(static file => Joined().Replace(File.ReadAllText(file), ""))];
        string table = Manual[Manual.IndexOf("## Troubles", StringComparison.Ordinal)..];
        string[] messages = [.. Regex.Matches(table, "^\\| `([^`]+)` \\|", RegexOptions.Multiline).Select(static m => m.Groups[1].Value)];
        Assert.True(messages.Length >= 20, $"{messages.Length} messages are listed.");
        Assert.All(messages, message =>
        {
            string[] pieces = message.Split('…', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            Assert.True(pieces.Sum(static p => p.Length) >= 14, $"'{message}' is too short to search for.");
            Assert.True(sources.Any(source => pieces.All(piece => source.Contains(piece, StringComparison.Ordinal))), $"'{message}' is nowhere in the source.");
        });
    }

    [Fact]
    public void Files_named_by_the_manual_exist() => Assert.All(
        Regex.Matches(Manual, @"\b(?:k8s|docs)/[A-Za-z0-9_./-]+[a-z0-9]\b").Select(static m => m.Value).Distinct(),
        path => Assert.True(Path.Exists(Path.Combine(TestPaths.Root, path)), path));

    [Fact]
    public void The_manual_names_every_overlay_and_component() => Assert.All(
        Manifests.Overlays.Select(static o => $"`{o}`").Concat(Directory.GetDirectories(Path.Combine(Manifests.Folder, "components")).Select(static c => $"`{Path.GetFileName(c)}`")),
        name => Assert.Contains(name, Manual, StringComparison.Ordinal));

    private static string Row(Setting setting) =>
        $"| `--{setting.Flag.Name}` | `{setting.Flag.Variable}` | {setting.Flag.Help} | {setting.Flag.Default} |";

    // A message may be written as a concatenation of strings.
    [GeneratedRegex("\"\\s*\\+\\s*\\$?\"")]
    private static partial Regex Joined();
}
