using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Model.Simulation;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Loading;

/// <summary>Loading a silo's share on a simulated device.</summary>
public sealed class ModelHostTests : IDisposable
{
    private const double Fast = 1e15, Slow = 1000;

    private readonly TempFolder _folder = TempFolder.CopyOf(TestPaths.Model("tiny-cla"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_share_is_loaded_once_and_counted()
    {
        using ModelHost host = Create(Simulated(Fast));
        ModelPiece[] pieces = [ModelPiece.Attention(0), ModelPiece.Head];
        long[] first = await LoadAsync(host, pieces);
        Assert.Equal(first, await LoadAsync(host, pieces));
        DeviceReport device = host.Report().Device!;
        Assert.Equal((host.Report().WeightBytes, 0, 0), (device.LoadedBytes, device.LoadingBytesLeft, device.LoadSecondsLeft));
        Assert.True(device.LoadSeconds > 0);
    }

    [Fact]
    public async Task A_call_that_loads_returns_before_everything_is_loaded_with_what_is_left()
    {
        using ModelHost host = Create(Simulated(Slow));
        (LoadState state, long[] incarnations) = await host.HoldAsync("a", 1, 1, [ModelPiece.Attention(0), ModelPiece.Head], TimeSpan.Zero);
        Assert.False(state.IsLoaded);
        Assert.Empty(incarnations);
        Assert.Null(state.SecondsLeft);
        Assert.True(state.BytesLeft > 0);
        Assert.Equal(state.TotalBytes, state.BytesLeft);
        Assert.Equal(state.TotalBytes, host.Report().Device!.LoadingBytesLeft);
        Assert.Null(host.Report().Device!.LoadSecondsLeft);
    }

    [Fact]
    public async Task Four_pieces_at_a_time_are_loaded_whoever_needs_them()
    {
        using ModelHost host = Create(Simulated(Slow));
        ModelPiece[] experts = [.. Enumerable.Range(0, 8).Select(static expert => ModelPiece.OfExpert(0, expert))];
        long one = new WeightSizes(host.Config, WeightTypes.Of(host.Config, host.Settings.Options.Mode, null)).Piece(experts[0]);
        await host.HoldAsync("a", 1, 1, experts[..3], TimeSpan.Zero);
        await host.HoldAsync("b", 1, 1, experts[3..], TimeSpan.Zero);

        // A simulated device counts weights from the beginning of their load on.
        await Wait.UntilAsync(() => host.Report().WeightBytes == 4 * one);
        await host.HoldAsync("b", 1, 1, experts[3..], TimeSpan.FromMilliseconds(50));
        DeviceReport device = host.Report().Device!;
        Assert.Equal((4 * one, 8 * one), (host.Report().WeightBytes, device.LoadingBytesLeft));
        Assert.Equal(device.UsedBytes, device.PeakBytes);
    }

    [Fact]
    public async Task A_load_that_no_route_needs_any_more_is_abandoned_and_its_memory_is_free()
    {
        using ModelHost host = Create(Simulated(Slow));
        await host.HoldAsync("a", 1, 1, [ModelPiece.Attention(0), ModelPiece.Head], TimeSpan.Zero);
        await Wait.UntilAsync(() => host.Report() is { WeightBytes: > 0, Device.UsedBytes: > 0 });
        await host.RetainAsync(1, 2, []);
        HoldingReport report = host.Report();
        Assert.Equal((0, 0, 0), (report.WeightBytes, report.KvBytes, report.Device!.LoadingBytesLeft));
        Assert.Empty(report.Holders);
    }

    [Fact]
    public async Task A_piece_that_is_dropped_and_needed_again_has_another_number()
    {
        using ModelHost host = Create(Simulated(Fast));
        long[] first = await LoadAsync(host, [ModelPiece.Attention(0)]);
        Task dropped = host.RetainAsync(1, 1, []);
        long[] second = await LoadAsync(host, [ModelPiece.Attention(0)], version: 2);
        await dropped;
        Assert.NotEqual(first, second);
        Assert.True(host.Report().WeightBytes > 0);
    }

    [Fact]
    public async Task A_late_call_of_an_abandoned_plan_takes_no_memory_from_the_next()
    {
        using ModelHost host = Create(Simulated(Fast));
        ModelPiece[] pieces = [ModelPiece.Attention(0)];
        await host.ReserveAsync(1, 2, new Dictionary<string, ModelPiece[]> { ["a"] = pieces }, []);
        await Assert.ThrowsAsync<NotLoadedException>(() => host.HoldAsync("b", 1, 1, [ModelPiece.Head], TimeSpan.Zero));
        Assert.Equal(["a"], host.Report().Holders);
        Assert.Single(await LoadAsync(host, pieces, version: 2));
    }

    [Fact]
    public async Task The_steps_of_a_shard_go_with_its_weights()
    {
        using ModelHost host = Create(Simulated(Fast));
        await LoadAsync(host, [ModelPiece.Attention(0)]);
        Assert.Same(host.StepsOf("a"), host.StepsOf("a"));
        await host.RetainAsync(1, 2, []);
        Assert.Throws<NotLoadedException>(() => host.StepsOf("a"));
        Assert.Equal(StepPhase.Unknown, host.PhaseOf("a", 1, 1));
    }

    [Fact]
    public async Task A_load_that_fails_says_why_and_is_tried_again_by_the_next_call()
    {
        string weights = Directory.EnumerateFiles(_folder.Root, "*.safetensors").First(), hidden = _folder.File("hidden");
        File.Move(weights, hidden);
        using ModelHost host = Create(null);
        GrainCallException failed = await Assert.ThrowsAsync<GrainCallException>(() => LoadAsync(host, [ModelPiece.Head]));
        Assert.Contains("a cannot be loaded", failed.Message, StringComparison.Ordinal);
        Assert.Contains("is missing from the folder", failed.Message, StringComparison.Ordinal);
        Assert.Equal(0, host.Report().Device?.LoadingBytesLeft ?? 0);
        File.Move(hidden, weights);
        Assert.Single(await LoadAsync(host, [ModelPiece.Head]));
    }

    private static SimulationOptions Simulated(double loadBytesPerSecond) =>
        new() { Hardware = new SimulatedHardware(1L << 40, 1e12, 1e15, 1e15, 1e15, loadBytesPerSecond) };

    private static async Task<long[]> LoadAsync(ModelHost host, ModelPiece[] pieces, long version = 1)
    {
        while (true)
        {
            (LoadState state, long[] incarnations) = await host.HoldAsync("a", 1, version, pieces, ModelHost.MaxLoadWait);
            if (state.IsLoaded)
            {
                return incarnations;
            }
        }
    }

    private ModelHost Create(SimulationOptions? simulation) => new(
        new ModelSettings
        {
            Name = "m",
            Directory = _folder.Root,
            Options = new ModelOptions { KvTokens = 128, Threads = 1, PinThreads = false },
            Simulation = simulation,
        },
        new MemoryBudget(long.MaxValue),
        NullLogger.Instance,
        TimeProvider.System);
}
