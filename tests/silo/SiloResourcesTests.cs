using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Silo.Clustering;
using HunyuanOrleans.Silo.Settings;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Silo.Tests;

public sealed class SiloResourcesTests
{
    [Fact]
    public void Silos_announce_the_capacity_of_their_settings()
    {
        SiloSettings settings = SettingsTests.Read("--name", "a", "--device", "H100", "--memory", "74.5GiB", "--zone", "rack1", "--role", "experts").Silo;
        SiloCapacity capacity = SiloResources.Capacity(settings, gpu: null);
        Assert.Equal(("a", "h100", "rack1", SiloRole.Experts), (capacity.Name, capacity.Device, capacity.Zone, capacity.Role));
        Assert.Equal((long)(74.5 * (1L << 30)), capacity.MemoryBytes);
        Assert.Equal(DeviceCatalog.Get("h100").MemoryBandwidth, capacity.MemoryBandwidth);
        capacity.Validate();
    }

    [Fact]
    public void By_default_a_part_of_the_machines_memory_is_announced() =>
        Assert.InRange(SiloResources.Capacity(SettingsTests.Read().Silo, gpu: null).MemoryBytes, 1, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - 1);

    [Fact]
    public void A_model_has_the_name_of_its_folder_unless_it_is_given_one()
    {
        string folder = TestPaths.DemoModel;
        Assert.Empty(SiloResources.Models(SettingsTests.Read().Silo, _ => { }, gpu: null));
        var model = Assert.Single(SiloResources.Models(SettingsTests.Read("--model", folder + "/").Silo, _ => { }, gpu: null));
        model.Validate();
        Assert.Equal(("demo-model", Path.GetFullPath(folder)), (model.Name, Path.TrimEndingDirectorySeparator(model.Directory)));
        Assert.Equal("other", SiloResources.Models(SettingsTests.Read("--model", folder, "--model-name", "other").Silo, _ => { }, gpu: null)[0].Name);
    }

    [Fact]
    public void Loading_follows_the_settings()
    {
        List<string> warnings = [];
        ModelOptions options = SiloResources.Loading(
            SettingsTests.Read("--threads", "3", "--pin-threads", "false", "--kv-tokens", "640", "--kv", "Int8", "--max-batch-tokens", "64", "--packed-cache", "/tmp", "--quant", "int8-all").Silo, warnings.Add);
        options.Validate();
        Assert.Equal(KvFormat.Int8, options.CacheFormat);
        Assert.Equal(KvFormat.Bf16, SiloResources.Loading(SettingsTests.Read().Silo, warnings.Add).CacheFormat);
        Assert.Equal(QuantFormat.Int8All, options.Quant);
        Assert.Null(SiloResources.Loading(SettingsTests.Read().Silo, warnings.Add).Quant);
        Assert.Equal((3, false, 640, 64, "/tmp"), (options.Threads, options.PinThreads, options.KvTokens, options.MaxBatchTokens, options.PackedCache));
        options.OnWarning!("x");
        Assert.Equal(["x"], warnings);
    }

    [Theory]
    [InlineData(512, 256)]
    [InlineData(2048, 100, "--max-batch-tokens", "2048", "--max-sequences", "100")]
    [InlineData(64, 64, "--max-batch-tokens", "64")]
    public void Steps_are_filled_up_to_the_settings(int tokens, int sequences, params string[] flags)
    {
        ModelSettings model = SiloResources.Models(SettingsTests.Read(["--model", TestPaths.DemoModel, "--memory", "1MB", .. flags]).Silo, _ => { }, gpu: null)[0];
        model.Options.Validate();
        model.Engine.Scheduler.Validate();
        SchedulerOptions inEffect = model.Engine.Scheduler.Fit(
            new ExecutorLimits(100, 4096, 100, 32, model.Options.MaxBatchTokens, model.Options.MaxLogitRows));
        Assert.Equal((tokens, tokens, sequences), (inEffect.TokenBudget, inEffect.PrefillChunk, inEffect.MaxSequences));
    }

    [Fact]
    public void Buffers_that_do_not_fit_beside_the_weights_are_refused()
    {
        long total = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        string[] flags = ["--model", TestPaths.DemoModel, "--memory", $"{total - 1000}"];
        var refused = Assert.Throws<SettingsException>(() => SiloResources.Models(SettingsTests.Read(flags).Silo, _ => { }, gpu: null));
        Assert.Contains("--max-batch-tokens", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"1000 of this machine's {total} bytes are left beside {total - 1000}", refused.Message, StringComparison.Ordinal);
        Assert.Single(SiloResources.Models(SettingsTests.Read([.. flags, "--device", "h200"]).Silo, _ => { }, gpu: null));
    }

    [Fact]
    public void A_gpu_announces_its_free_memory_without_its_buffers()
    {
        DeviceChoice gpu = Gpu(80L << 30);
        SiloSettings settings = SettingsTests.Read("--model", TestPaths.DemoModel, "--device", "cuda:0").Silo;
        SiloCapacity capacity = SiloResources.Capacity(settings, gpu);
        Assert.Equal("cuda:0", capacity.Device);
        Assert.Equal(DeviceCatalog.Get("h100").MemoryBandwidth, capacity.MemoryBandwidth);
        Assert.InRange(capacity.MemoryBytes, 70L << 30, (80L << 30) * 95 / 100);
        Assert.Same(gpu, Assert.Single(SiloResources.Models(settings, _ => { }, gpu)).Options.Device);
    }

    [Theory]
    [InlineData(1L << 20, "--max-batch-tokens", "512")]
    [InlineData(80L << 30, "--memory", "100GB")]
    public void A_gpu_with_too_little_memory_is_refused(long free, params string[] flags)
    {
        SiloSettings settings = SettingsTests.Read(["--model", TestPaths.DemoModel, "--device", "cuda:0", .. flags]).Silo;
        var refused = Assert.Throws<SettingsException>(() => SiloResources.Models(settings, _ => { }, Gpu(free)));
        Assert.Contains($"of the free memory of cuda:0, {free} bytes", refused.Message, StringComparison.Ordinal);
    }

    private static DeviceChoice Gpu(long free) => new("cuda:0", "NVIDIA H100 80GB HBM3", "cuda 9.0", free, static () => throw new NotSupportedException());
}
