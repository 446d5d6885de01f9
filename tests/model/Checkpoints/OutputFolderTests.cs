using System.Runtime.Versioning;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Checkpoints;

/// <summary>A folder that exists is filled in place, and nothing is written if it cannot be filled.</summary>
public sealed class OutputFolderTests
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute;

    [SkippableFact]
    [UnsupportedOSPlatform("windows")]
    public void An_existing_folder_keeps_its_mode()
    {
        Skip.If(OperatingSystem.IsWindows(), "Folders have no mode here.");
        using TempFolder temp = new();
        string final = temp.File("out");
        Directory.CreateDirectory(final);
        File.SetUnixFileMode(final, Mode);
        Write(final);
        Assert.Equal(Mode, File.GetUnixFileMode(final));
        Assert.Equal(["config.json", "model.safetensors"], Entries(final));
        Assert.Equal(["out"], Entries(temp.Root));
    }

    [SkippableFact]
    public void A_link_to_an_empty_folder_is_filled_where_it_leads()
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need a privilege here.");
        using TempFolder temp = new();
        string target = temp.File("target");
        Directory.CreateDirectory(target);
        string link = temp.File("link");
        Directory.CreateSymbolicLink(link, target);
        Write(link);
        Assert.Equal(target, new DirectoryInfo(link).LinkTarget);
        Assert.Equal(["config.json", "model.safetensors"], Entries(target));
        Assert.Equal(["link", "target"], Entries(temp.Root));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Too_little_space_is_reported_before_anything_is_written(bool exists)
    {
        using TempFolder temp = new();
        string final = temp.File("out");
        if (exists)
        {
            Directory.CreateDirectory(final);
        }

        ModelException error = Assert.Throws<ModelException>(() => OutputFolder.Create(final, long.MaxValue));
        Assert.StartsWith($"{final}: the model takes {long.MaxValue} bytes, but only ", error.Message, StringComparison.Ordinal);
        Assert.Equal(exists ? [final] : [], Directory.GetFileSystemEntries(temp.Root, "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Files_appear_together_at_the_end(bool exists)
    {
        using TempFolder temp = new();
        string final = temp.File("out");
        if (exists)
        {
            Directory.CreateDirectory(final);
        }

        using OutputFolder folder = OutputFolder.Create(final, 1);
        File.WriteAllText(Path.Combine(folder.Path, "config.json"), "{}");
        Assert.Equal(exists, Directory.Exists(final));
        Assert.False(File.Exists(Path.Combine(final, "config.json")));
        ModelException second = Assert.Throws<ModelException>(() => OutputFolder.Create(final, 1));
        Assert.Contains("another run is writing it", second.Message, StringComparison.Ordinal);
        folder.Complete();
        Assert.Equal("{}", File.ReadAllText(Path.Combine(final, "config.json")));
    }

    [Fact]
    public void What_an_interrupted_run_left_inside_is_replaced()
    {
        using TempFolder temp = new();
        string left = temp.File(".partial");
        Directory.CreateDirectory(left);
        File.WriteAllText(Path.Combine(left, "config.json"), "half");
        File.WriteAllText(left + ".lock", "");
        Write(temp.Root);
        Assert.Equal(["config.json", "model.safetensors"], Entries(temp.Root));
        Assert.Equal("config.json", File.ReadAllText(temp.File("config.json")));
    }

    [Fact]
    public void A_file_that_appears_meanwhile_is_kept()
    {
        using TempFolder temp = new();
        using (OutputFolder folder = OutputFolder.Create(temp.Root, 1))
        {
            File.WriteAllText(Path.Combine(folder.Path, "config.json"), "new");
            File.WriteAllText(temp.File("config.json"), "other");
            ModelException error = Assert.Throws<ModelException>(folder.Complete);
            Assert.Contains("no longer empty", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(["config.json"], Entries(temp.Root));
        Assert.Equal("other", File.ReadAllText(temp.File("config.json")));
    }

    private static void Write(string final)
    {
        using OutputFolder folder = OutputFolder.Create(final, 1);
        foreach (string name in new[] { "config.json", "model.safetensors" })
        {
            File.WriteAllText(Path.Combine(folder.Path, name), name);
        }

        folder.Complete();
    }

    private static string[] Entries(string folder) =>
        [.. Directory.GetFileSystemEntries(folder).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];
}
