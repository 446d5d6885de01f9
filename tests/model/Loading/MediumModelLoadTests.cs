using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Loading.Packed;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Loading;

[Collection(MediumModelCollection.Name)]
public sealed class MediumModelLoadTests(MediumModel model)
{
    // Peak memory must not exceed 1.15 times the packed weights.
    private const double MaxMemoryFactor = 1.15;

    [SkippableFact]
    public void PeakMemoryIsLittleMoreThanThePackedWeights()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux tells anonymous from mapped memory.");
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        long before = AnonymousBytes();
        long peak = before;
        ProgressLog progress = new(_ => peak = Math.Max(peak, AnonymousBytes()));
        using ModelRunner runner = ModelRunner.Load(model.Folder, LoadedLogits.Options(null), progress);
        peak = Math.Max(peak, AnonymousBytes());
        Assert.True(runner.WeightBytes > 200 << 20);
        Assert.InRange(peak - before, runner.WeightBytes / 2, (long)(MaxMemoryFactor * runner.WeightBytes));
    }

    [SkippableFact]
    public void AMappedCopyTakesNoAnonymousMemory()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux tells anonymous from mapped memory.");
        using var cache = new TempFolder();
        ModelRunner.Load(model.Folder, LoadedLogits.Options(cache.Root)).Dispose();
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        long before = AnonymousBytes();
        using ModelRunner runner = ModelRunner.Load(model.Folder, LoadedLogits.Options(cache.Root));
        Assert.InRange(AnonymousBytes() - before, long.MinValue, runner.WeightBytes / 5);
    }

    [Fact]
    public void ProgressNeverDecreasesAndEndsAtTheTotals()
    {
        using var cache = new TempFolder();
        foreach (LoadStage[] stages in new LoadStage[][] { [LoadStage.Packing, LoadStage.Saving], [LoadStage.Mapping] })
        {
            ProgressLog progress = new();
            using ModelRunner runner = ModelRunner.Load(model.Folder, LoadedLogits.Options(cache.Root), progress);
            Assert.Equal(stages, progress.Reports.Select(r => r.Stage).Distinct());
            foreach (LoadStage stage in stages)
            {
                List<LoadProgress> reports = [.. progress.Reports.Where(r => r.Stage == stage)];
                Assert.True(stage == LoadStage.Mapping || reports.Count > 5);
                LoadProgress last = default;
                foreach (LoadProgress report in reports)
                {
                    Assert.True(report.Bytes > last.Bytes && report.Matrices >= last.Matrices, $"{report} after {last}");
                    Assert.Equal(reports[0].TotalBytes, report.TotalBytes);
                    Assert.Equal(reports[0].TotalMatrices, report.TotalMatrices);
                    last = report;
                }

                Assert.Equal(last.TotalBytes, last.Bytes);
                Assert.Equal(last.TotalMatrices, last.Matrices);
            }
        }
    }

    [SkippableTheory]
    [InlineData(LoadStage.Packing)]
    [InlineData(LoadStage.Saving)]
    public void CancellingLeavesNothingBehind(LoadStage stage)
    {
        using var cache = new TempFolder();
        using CancellationTokenSource stop = new();
        ProgressLog progress = new(report =>
        {
            if (report.Stage == stage && report.Bytes > report.TotalBytes / 3)
            {
                stop.Cancel();
            }
        });
        long before = OperatingSystem.IsLinux() ? AnonymousBytes() : 0;
        Assert.ThrowsAny<OperationCanceledException>(() => ModelRunner.Load(model.Folder, LoadedLogits.Options(cache.Root), progress, stop.Token));
        Assert.True(progress.Reports[^1].Bytes < progress.Reports[^1].TotalBytes);
        Assert.Equal(stage, progress.Reports[^1].Stage);
        Assert.Empty(Directory.GetFiles(cache.Root));
        Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux lists a process's memory.");
        Assert.DoesNotContain(model.Folder, File.ReadAllText("/proc/self/maps"), StringComparison.Ordinal);
        Assert.InRange(AnonymousBytes() - before, long.MinValue, 64 << 20);
    }

    [Fact]
    public void SamplingDetectsDamageAtTheEndsAndVerifyingDetectsItAnywhere()
    {
        using var cache = new TempFolder();
        LoadedLogits expected = LoadedLogits.Of(model.Folder, cache.Root);
        string file = Assert.Single(Directory.GetFiles(cache.Root));
        long body;
        int chunks;
        using (FileStream stream = File.OpenRead(file))
        {
            PackedHeader header = PackedHeader.Read(count => Start(stream, count), stream.Length, out _)!;
            body = header.BodyOffset;
            chunks = header.Checksums.Length;
        }

        Assert.True(chunks > 32, "too few chunks for samples to leave any out");
        foreach (int chunk in new[] { 0, chunks - 1 })
        {
            Flip(file, body + ((long)chunk * ChunkChecksums.ChunkBytes) + 1000);
            AssertFound(LoadedLogits.Of(model.Folder, cache.Root), chunk);
        }

        // Testing every chunk would take too long, so these are spread between the ends.
        foreach (int chunk in new[] { 1, chunks / 3, chunks / 2, chunks - 2 })
        {
            Flip(file, body + ((long)chunk * ChunkChecksums.ChunkBytes) + ChunkChecksums.ChunkBytes - 1);
            AssertFound(LoadedLogits.Of(model.Folder, cache.Root, verify: true), chunk);
        }

        void AssertFound(LoadedLogits loaded, int chunk)
        {
            Assert.False(loaded.Mapped);
            Assert.Contains($"chunk {chunk} of {chunks}", Assert.Single(loaded.Warnings), StringComparison.Ordinal);
            Assert.Null(LoadedLogits.Difference(expected, loaded));
        }
    }

    private static byte[] Start(FileStream stream, int count)
    {
        byte[] bytes = new byte[count];
        stream.Position = 0;
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static void Flip(string file, long at)
    {
        using FileStream stream = new(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = at;
        int value = stream.ReadByte();
        stream.Position = at;
        stream.WriteByte((byte)(value ^ 1));
    }

    private static long AnonymousBytes()
    {
        const string Name = "RssAnon:";
        string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith(Name, StringComparison.Ordinal));
        return 1024 * long.Parse(line[Name.Length..^"kB".Length], System.Globalization.CultureInfo.InvariantCulture);
    }
}
