using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Devices;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.Model.Simulation;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Simulation;

/// <summary>Simulated devices: tokens that depend on every K/V block, exact books of memory, and the seconds that parts of a model are charged.</summary>
public sealed class SimulatedDeviceTests : IDisposable
{
    private const int KvTokens = 256;

    private static readonly string Folder = Path.Combine(TestPaths.Data, "models", "tiny-cla");
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 100).Select(static i => (i * 7) % 50)];

    private readonly List<IDisposable> _owned = [];
    private DeviceMemory? _exceeded;

    public void Dispose() => _owned.ForEach(static owned => owned.Dispose());

    [Fact]
    public async Task Tokens_do_not_depend_on_how_rows_are_divided_into_steps()
    {
        float[] whole = Logits(await OpenAsync(), [(0, 100)]);
        Assert.Equal(whole, Logits(await OpenAsync(), [(0, 31), (31, 33), (64, 35), (99, 1)]));
        Assert.NotEqual(whole, Logits(await OpenAsync(), [(0, 99)]));
    }

    [Theory]
    [InlineData("lost")]
    [InlineData("swapped")]
    [InlineData("stale")]
    public async Task A_wrong_block_of_any_group_changes_the_token(string fault)
    {
        SimulatedDevice right = await OpenAsync();
        float[] expected = Logits(right, [(0, 99), (99, 1)]);
        for (int group = 0; group < right.Config.KvGroups; group++)
        {
            SimulatedDevice device = await OpenAsync();
            Assert.Equal(expected, Logits(device, [(0, 99), (99, 1)]));
            byte[] bytes = new byte[2 * device.KvBlockBytes];
            device.CopyKvOut(group, [0, 2], bytes);
            device.CopyKvIn(group, [0, 2], bytes);
            Assert.Equal(expected, Logits(device, [(99, 1)]));
            switch (fault)
            {
                case "lost":
                    device.CopyKvIn(group, [0], new byte[device.KvBlockBytes]);
                    break;
                case "swapped":
                    device.CopyKvIn(group, [2, 0], bytes);
                    break;
                default:
                    bytes[8] ^= 1;
                    device.CopyKvIn(group, [0, 2], bytes);
                    break;
            }

            Assert.NotEqual(expected, Logits(device, [(99, 1)]));
        }
    }

    [Fact]
    public async Task What_sampling_left_in_the_logits_does_not_count_for_the_next_step()
    {
        SimulatedDevice device = await OpenAsync();
        using IStageRunner stage = device.CreateStage();
        using StepLogits logits = new(4, device.Config.VocabSize);
        Run(device, stage, logits, [(0, 100)]);
        float[] expected = logits.Row(0).ToArray();
        logits.Row(0).Fill(float.NegativeInfinity);
        Run(device, stage, logits, [(99, 1)]);
        Assert.Equal(expected, logits.Row(0).ToArray());
    }

    [Fact]
    public async Task Memory_is_that_of_a_real_device()
    {
        SimulatedDevice device = await OpenAsync();
        using ModelDevice real = ModelDevice.Open(Folder, Options);
        foreach (ModelPiece piece in ModelPiece.All(device.Config))
        {
            using IPreparedPiece prepared = await ((IModelDevice)real).PrepareAsync(piece, default);
            Assert.True(prepared.Install());
        }

        // Norms are not counted, and the real device lays out each piece in whole pages.
        long norms = real.Memory.Weights - device.Memory.Weights;
        Assert.InRange(norms, 0, 8192L * ModelPiece.All(device.Config).Count());
        Assert.Equal(real.Memory.Kv, device.Memory.Kv);
        foreach (ModelPiece piece in ModelPiece.All(device.Config))
        {
            Assert.True(device.Remove(piece));
            Assert.True(real.Remove(piece));
        }

        Assert.Equal(0, device.Memory.Weights + device.Memory.Kv + device.Memory.Staging);
        Assert.Equal(0, real.Memory.Weights + real.Memory.Kv);
        Assert.True(device.Memory.Peak > device.Memory.Used);
    }

    [Fact]
    public async Task Too_many_pieces_end_it_with_the_numbers()
    {
        SimulatedDevice device = Open(memory: 40_000_000);
        foreach (ModelPiece piece in ModelPiece.All(device.Config))
        {
            (await device.PrepareAsync(piece, default)).Install();
        }

        Assert.NotNull(_exceeded);
        Assert.True(_exceeded.Value.Used > _exceeded.Value.Capacity);
    }

    [Fact]
    public async Task A_load_that_is_cancelled_leaves_nothing()
    {
        SimulatedDevice device = Open(loadBytesPerSecond: 1);
        DeviceMemory before = device.Memory;
        using CancellationTokenSource stop = new();
        Task<IPreparedPiece> load = device.PrepareAsync(ModelPiece.Attention(0), stop.Token);
        Assert.True(device.Memory.Weights > 0);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => load);
        Assert.Equal(before.Used, device.Memory.Used);
        Assert.False(device.Holds(ModelPiece.Attention(0)));
    }

    [Fact]
    public async Task Skew_makes_some_experts_hot()
    {
        int[] even = Counts(await OpenAsync());
        int[] uneven = Counts(await OpenAsync(skew: 2));
        Assert.Equal(even.Sum(), uneven.Sum());
        Assert.True(uneven.Max() > 1.5 * even.Max(), $"{string.Join(' ', even)} and {string.Join(' ', uneven)}");
    }

    private static ModelOptions Options => new() { Threads = 1, PinThreads = false, KvTokens = KvTokens, MaxBatchTokens = 100, MaxLogitRows = 4 };

    private static int[] Counts(SimulatedDevice device)
    {
        using IStageRunner stage = device.CreateStage();
        stage.Begin(Batch(device, 0, 100));
        stage.Embed(Prompt);
        stage.Attend(0);
        return stage.Routed.Counts.ToArray();
    }

    private static float[] Logits(SimulatedDevice device, (int Start, int Count)[] steps)
    {
        using IStageRunner stage = device.CreateStage();
        using StepLogits logits = new(4, device.Config.VocabSize);
        Run(device, stage, logits, steps);
        return logits.Row(0).ToArray();
    }

    private static void Run(SimulatedDevice device, IStageRunner stage, StepLogits logits, (int Start, int Count)[] steps)
    {
        bool[] local = [.. Enumerable.Repeat(true, device.Config.Experts)];
        foreach ((int start, int count) in steps)
        {
            stage.Begin(Batch(device, start, count));
            stage.Embed(Prompt.AsSpan(start, count));
            for (int layer = 0; layer < device.Config.Layers; layer++)
            {
                stage.Attend(layer);
                stage.FeedForward(layer, local);
                stage.Combine(layer);
            }

            stage.Logits([count - 1], 1, logits);
            device.Synchronize();
        }
    }

    private static AttentionBatch Batch(SimulatedDevice device, int start, int count)
    {
        AttentionBatch batch = new(device.Config.Heads, device.Config.KvHeads);
        batch.Add(new AttentionSlice(0, count, start, new[] { 0, 2, 5, 3 }));
        return batch;
    }

    private async Task<SimulatedDevice> OpenAsync(double skew = 0)
    {
        SimulatedDevice device = Open(skew: skew);
        foreach (ModelPiece piece in ModelPiece.All(device.Config))
        {
            Assert.True((await device.PrepareAsync(piece, default)).Install());
        }

        return device;
    }

    private SimulatedDevice Open(long memory = 1L << 40, double loadBytesPerSecond = 1e15, double skew = 0)
    {
        SimulatedDevice device = SimulatedDevice.Open(Folder, Options, new SimulationOptions
        {
            Hardware = new SimulatedHardware(memory, 1e15, 1e18, 1e18, 1e18, loadBytesPerSecond),
            ExpertSkew = skew,
            OutOfMemory = memory => _exceeded ??= memory,
        });
        _owned.Add(device);
        return device;
    }
}
