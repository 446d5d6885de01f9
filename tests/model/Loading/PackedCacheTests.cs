using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Loading;

public sealed class PackedCacheTests
{
    public static TheoryData<string, ComputeMode> Models
    {
        get
        {
            TheoryData<string, ComputeMode> data = [];
            foreach (string name in GoldenCase.Names)
            {
                foreach (ComputeMode mode in Enum.GetValues<ComputeMode>())
                {
                    data.Add(name, mode);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void PackedSavedAndMappedWeightsGiveTheSameBits(string name, ComputeMode mode)
    {
        using var cache = new TempFolder();
        string folder = TestPaths.Model(name);
        LoadedLogits off = LoadedLogits.Of(folder, null, mode);
        LoadedLogits first = LoadedLogits.Of(folder, cache.Root, mode);
        LoadedLogits second = LoadedLogits.Of(folder, cache.Root, mode);
        LoadedLogits verified = LoadedLogits.Of(folder, cache.Root, mode, verify: true);
        Assert.Equal([false, false, true, true], new[] { off, first, second, verified }.Select(l => l.Mapped));
        foreach (LoadedLogits other in new[] { first, second, verified })
        {
            Assert.Empty(other.Warnings);
            Assert.Null(LoadedLogits.Difference(off, other));
        }

        string file = Assert.Single(Directory.GetFiles(cache.Root));
        Assert.StartsWith($"{name}-", Path.GetFileName(file), StringComparison.Ordinal);
    }

    [Fact]
    public void ACopyInTheModelFolderStaysValidWhenTheFolderIsMoved()
    {
        using TempFolder folder = TempFolder.CopyOf(TestPaths.Model("tiny-dense"));
        int files = Directory.GetFiles(folder.Root).Length;
        string model = folder.File("model");
        Directory.CreateDirectory(model);
        foreach (string file in Directory.GetFiles(folder.Root))
        {
            File.Move(file, Path.Combine(model, Path.GetFileName(file)));
        }

        LoadedLogits first = LoadedLogits.Of(model, model);
        Assert.Equal(files + 1, Directory.GetFiles(model).Length);
        string moved = folder.File("moved");
        Directory.Move(model, moved);
        LoadedLogits second = LoadedLogits.Of(moved, moved + Path.DirectorySeparatorChar);
        Assert.True(second.Mapped);
        Assert.Empty(second.Warnings);
        Assert.Null(LoadedLogits.Difference(first, second));
    }

    [Fact]
    public void OneFolderKeepsCopiesOfSeveralModelsAndModes()
    {
        using var cache = new TempFolder();
        string[] names = ["tiny-dense", "tiny-share4"];
        foreach (string name in names)
        {
            LoadedLogits.Of(TestPaths.Model(name), cache.Root, ComputeMode.Bf16);
            LoadedLogits.Of(TestPaths.Model(name), cache.Root, ComputeMode.F32);
        }

        Assert.Equal(4, Directory.GetFiles(cache.Root).Length);
        foreach (string name in names)
        {
            Assert.True(LoadedLogits.Of(TestPaths.Model(name), cache.Root, ComputeMode.Bf16).Mapped);
            Assert.True(LoadedLogits.Of(TestPaths.Model(name), cache.Root, ComputeMode.F32).Mapped);
        }
    }

    [Fact]
    public void AChangedCheckpointMakesTheCopyStale()
    {
        using TempFolder folder = TempFolder.CopyOf(TestPaths.Model("tiny-share4"));
        using var cache = new TempFolder();
        string shard = Directory.GetFiles(folder.Root, "*.safetensors")[0];
        LoadedLogits before = LoadedLogits.Of(folder.Root, cache.Root);

        // Change one weight and the write time, but neither the size nor the header.
        byte[] bytes = File.ReadAllBytes(shard);
        bytes[^1] ^= 0x40;
        File.WriteAllBytes(shard, bytes);
        File.SetLastWriteTimeUtc(shard, File.GetLastWriteTimeUtc(shard).AddSeconds(5));
        LoadedLogits after = LoadedLogits.Of(folder.Root, cache.Root);
        Assert.False(after.Mapped);
        Assert.Contains("stale", Assert.Single(after.Warnings), StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(shard), after.Warnings[0], StringComparison.Ordinal);
        Assert.NotNull(LoadedLogits.Difference(before, after));

        LoadedLogits again = LoadedLogits.Of(folder.Root, cache.Root);
        Assert.True(again.Mapped);
        Assert.Empty(again.Warnings);
        Assert.Null(LoadedLogits.Difference(after, again));
        Assert.Single(Directory.GetFiles(cache.Root));
    }

    [Fact]
    public void AChangedConfigMakesTheCopyStale()
    {
        using TempFolder folder = TempFolder.CopyOf(TestPaths.Model("tiny-dense"));
        using var cache = new TempFolder();
        LoadedLogits.Of(folder.Root, cache.Root);
        File.AppendAllText(folder.File("config.json"), "\n");
        LoadedLogits after = LoadedLogits.Of(folder.Root, cache.Root);
        Assert.False(after.Mapped);
        Assert.Contains("config", Assert.Single(after.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public void AnEmptyFolderNameIsRefused(string cache) =>
        Assert.Contains("PackedCache", Assert.Throws<ModelException>(() => ModelRunner.Load(TestPaths.Model("tiny-dense"), LoadedLogits.Options(cache))).Message, StringComparison.Ordinal);

    [Fact]
    public void DisposingTheRunnerUnmapsTheFiles()
    {
        using TempFolder folder = TempFolder.CopyOf(TestPaths.Model("tiny-cla"));
        using var cache = new TempFolder();
        LoadedLogits.Of(folder.Root, cache.Root);
        ModelRunner model = ModelRunner.Load(folder.Root, LoadedLogits.Options(cache.Root));
        if (OperatingSystem.IsLinux())
        {
            Assert.Contains(cache.Root, File.ReadAllText("/proc/self/maps"), StringComparison.Ordinal);
        }

        model.Dispose();
        if (OperatingSystem.IsLinux())
        {
            string maps = File.ReadAllText("/proc/self/maps");
            Assert.DoesNotContain(cache.Root, maps, StringComparison.Ordinal);
            Assert.DoesNotContain(folder.Root, maps, StringComparison.Ordinal);
        }
    }
}
