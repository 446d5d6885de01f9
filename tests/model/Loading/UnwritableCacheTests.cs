using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Loading;

public sealed class UnwritableCacheTests
{
    private static readonly string Model = TestPaths.Model("tiny-dense");

    [Fact]
    public void AFileWithTheNameOfTheFolderCausesAWarning()
    {
        using var folder = new TempFolder();
        string file = folder.File("taken");
        File.WriteAllText(file, "not a folder");
        foreach (string cache in new[] { file, Path.Combine(file, "below") })
        {
            LoadedLogits loaded = LoadedLogits.Of(Model, cache);
            Assert.Contains("cannot be written", Assert.Single(loaded.Warnings), StringComparison.Ordinal);
            Assert.Null(LoadedLogits.Difference(LoadedLogits.Of(Model, null), loaded));
        }

        Assert.Equal("not a folder", File.ReadAllText(file));
    }

    [SkippableFact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void AReadOnlyFolderCausesAWarning()
    {
        Skip.If(OperatingSystem.IsWindows(), "Folders have no read-only mode here.");
        using var folder = new TempFolder();
        string cache = folder.File("cache");
        Directory.CreateDirectory(cache);
        File.SetUnixFileMode(cache, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Skip.If(CanWrite(cache), "This user may write everywhere.");
        LoadedLogits loaded = LoadedLogits.Of(Model, cache);
        Assert.Contains("cannot be written", Assert.Single(loaded.Warnings), StringComparison.Ordinal);
        Assert.Null(LoadedLogits.Difference(LoadedLogits.Of(Model, null), loaded));
        File.SetUnixFileMode(cache, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
    }

    [Fact]
    public void AMissingFolderIsCreated()
    {
        using var folder = new TempFolder();
        string cache = folder.File(Path.Combine("a", "b"));
        Assert.Empty(LoadedLogits.Of(Model, cache).Warnings);
        Assert.True(LoadedLogits.Of(Model, cache).Mapped);
    }

    [Fact]
    public void TheUnfinishedFileOfADeadWriterIsDeleted()
    {
        using var cache = new TempFolder();
        LoadedLogits.Of(Model, cache.Root);
        string copy = Assert.Single(Directory.GetFiles(cache.Root));
        File.Move(copy, copy + ".0123.unfinished");
        Assert.Empty(LoadedLogits.Of(Model, cache.Root).Warnings);
        Assert.Equal([copy], Directory.GetFiles(cache.Root));
    }

    [Fact]
    public void NoCopyIsWrittenWhileAnotherWriterIsActive()
    {
        using var cache = new TempFolder();
        LoadedLogits.Of(Model, cache.Root);
        string copy = Assert.Single(Directory.GetFiles(cache.Root));
        string other = copy + ".0123.unfinished";
        File.Delete(copy);
        using (File.OpenHandle(other, FileMode.CreateNew, FileAccess.Write, FileShare.None))
        {
            LoadedLogits loaded = LoadedLogits.Of(Model, cache.Root);
            Assert.Empty(loaded.Warnings);
            Assert.Equal([other], Directory.GetFiles(cache.Root));
        }
    }

    [Fact]
    public async Task ConcurrentLoadsLeaveOneValidCopy()
    {
        LoadedLogits expected = LoadedLogits.Of(Model, null);
        for (int round = 0; round < 5; round++)
        {
            using var cache = new TempFolder();
            LoadedLogits[] loads = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => LoadedLogits.Of(Model, cache.Root))));
            Assert.All(loads, l => Assert.Null(LoadedLogits.Difference(expected, l)));
            LoadedLogits last = LoadedLogits.Of(Model, cache.Root, verify: true);
            Assert.Null(LoadedLogits.Difference(expected, last));
            Assert.Empty(last.Warnings);
            Assert.EndsWith(".packed", Assert.Single(Directory.GetFiles(cache.Root)), StringComparison.Ordinal);
        }
    }

    private static bool CanWrite(string folder)
    {
        try
        {
            File.WriteAllText(Path.Combine(folder, "probe"), "");
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }
}
