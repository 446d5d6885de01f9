using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.Model.Tests.Configuration;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Parts;

/// <summary>Installing, computing with and removing the pieces of a device, and the calls it refuses.</summary>
public sealed class ModelDeviceTests : IDisposable
{
    private static readonly int[] Prompt = GoldenModels.Prompts(GoldenModels.Cla)[2];
    private readonly WorkerPool _loading = new(2, pin: false);
    private readonly ModelDevice _device = Open(GoldenModels.Cla);
    private readonly StageRunner _stage;

    public ModelDeviceTests() => _stage = _device.CreateStage();

    public void Dispose()
    {
        _stage.Dispose();
        _device.Dispose();
        _loading.Dispose();
    }

    [Fact]
    public void AnEmptyDeviceHoldsNothing()
    {
        Assert.Equal((0, 0, 0), (_device.WeightBytes, _device.Cache.TotalBytes, _device.Pieces.Count));
        foreach (ModelPiece piece in ModelPiece.All(_device.Config))
        {
            Assert.False(_device.Holds(piece));
            Assert.False(_device.Remove(piece));
        }
    }

    [Fact]
    public void BytesComeAndGoWithPieces()
    {
        long weights = 0;
        foreach (ModelPiece piece in ModelPiece.All(_device.Config))
        {
            PreparedPiece prepared = _device.Prepare(piece, _loading);
            Assert.Equal((piece, _device.SizeOf(piece)), (prepared.Piece, prepared.WeightBytes));
            Assert.Equal(piece.Kind == PieceKind.Embedding, prepared.WeightBytes == 0);
            Assert.Equal(piece.Kind == PieceKind.Attention ? _device.Cache.GroupBytes : 0, prepared.KvBytes);
            Assert.Equal(weights, _device.WeightBytes);
            Assert.False(_device.Holds(piece));
            Assert.True(_device.Install(prepared));
            Assert.True(_device.Holds(piece));
            weights += prepared.WeightBytes;
            Assert.Equal(weights, _device.WeightBytes);
        }

        using ModelRunner whole = ModelRunner.Load(TestPaths.Model(GoldenModels.Cla), _device.Options);
        Assert.Equal((whole.WeightBytes, whole.Cache.TotalBytes), (_device.WeightBytes, _device.Cache.TotalBytes));
        foreach (ModelPiece piece in ModelPiece.All(_device.Config))
        {
            Assert.True(_device.Remove(piece));
            Assert.False(_device.Holds(piece));
            weights -= _device.SizeOf(piece);
            Assert.Equal(weights, _device.WeightBytes);
        }

        Assert.Equal((0, 0), (_device.WeightBytes, _device.Cache.TotalBytes));
    }

    [Fact]
    public void InstallingAPieceTwiceKeepsTheFirstOne()
    {
        ModelPiece piece = ModelPiece.Attention(0);
        Add(piece);
        byte[] block = new byte[_device.Cache.BlockBytes];
        block.AsSpan().Fill(7);
        _device.Cache.CopyIn(0, [1], block);
        Assert.False(_device.Install(_device.Prepare(piece, _loading)));
        Assert.Equal(_device.SizeOf(piece), _device.WeightBytes);
        byte[] kept = new byte[block.Length];
        _device.Cache.CopyOut(0, [1], kept);
        Assert.Equal(block, kept);
    }

    [Fact]
    public void APreparedPieceCanBeInstalledOnceAndOnlyOnItsDevice()
    {
        using ModelDevice other = Open(GoldenModels.Cla);
        PreparedPiece prepared = _device.Prepare(ModelPiece.Head, _loading);
        Assert.Throws<ArgumentException>(() => other.Install(prepared));
        Assert.True(_device.Install(prepared));
        prepared.Dispose();
        Assert.True(_device.Remove(ModelPiece.Head));
        Assert.Throws<ObjectDisposedException>(() => _device.Install(prepared));
        PreparedPiece dropped = _device.Prepare(ModelPiece.Head, _loading);
        dropped.Dispose();
        dropped.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _device.Install(dropped));
        Assert.Equal(0, _device.WeightBytes);
    }

    [Fact]
    public void AMissingPieceIsNamedAndTheStepContinuesAfterItIsInstalled()
    {
        _stage.Begin(Batch());
        Assert.Equal(ModelPiece.Embedding, Missing(() => _stage.Embed(Prompt), "embedding"));
        Add(ModelPiece.Embedding);
        _stage.Embed(Prompt);
        Assert.Equal(ModelPiece.Attention(0), Missing(() => _stage.Attend(1), "Layer 1"));
        Add(ModelPiece.Attention(0));
        _stage.Attend(0);
        bool[] local = new bool[_device.Config.Experts];
        Array.Fill(local, true);
        float[] before = ((Activation)_stage.HiddenStates).Row(3).ToArray();
        for (int expert = 0; expert < local.Length; expert++)
        {
            if (_stage.Routed.Counts[expert] > 0)
            {
                Assert.Equal(ModelPiece.OfExpert(0, expert), Missing(() => _stage.FeedForward(0, local), $"Expert {expert} of layer 0"));
            }

            Add(ModelPiece.OfExpert(0, expert));
        }

        Assert.Equal(before, ((Activation)_stage.HiddenStates).Row(3).ToArray());
        _stage.FeedForward(0, local);
        _stage.Combine(0);
        Assert.NotEqual(before, ((Activation)_stage.HiddenStates).Row(3).ToArray());
        using StepLogits logits = new(4, _device.Config.VocabSize);
        Assert.Equal(ModelPiece.Head, Missing(() => _stage.Logits([0], 1, logits), "head"));
        Assert.True(_device.Remove(ModelPiece.Attention(0)));
        Missing(() => _stage.Attend(0), "Layer 0");
        Assert.Throws<InvalidOperationException>(() => _device.Cache.CopyOut(0, [0], new byte[_device.Cache.BlockBytes]));
    }

    [Fact]
    public void CallsOfAStageInTheWrongOrderAreRefused()
    {
        Assert.Throws<InvalidOperationException>(() => _stage.Attend(0));
        Add(ModelPiece.Embedding);
        Add(ModelPiece.Attention(0));
        _stage.Begin(Batch());
        Assert.Throws<ArgumentException>(() => _stage.Embed(Prompt.AsSpan(1)));
        Assert.Throws<ModelException>(() => _stage.Embed([.. Prompt[1..], -1]));
        _stage.Embed(Prompt);
        Assert.Throws<InvalidOperationException>(() => _stage.FeedForward(0, default));
        Assert.Throws<InvalidOperationException>(() => _stage.Combine(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => _stage.Attend(_device.Config.Layers));
        Assert.Throws<ArgumentOutOfRangeException>(() => _stage.Attend(-1));
        _stage.Attend(0);
        Assert.Throws<InvalidOperationException>(() => _stage.FeedForward(1, default));
        Assert.Throws<ArgumentException>(() => _stage.FeedForward(0, new bool[1]));
        using StepLogits logits = new(4, _device.Config.VocabSize);
        Assert.Throws<ArgumentException>(() => _stage.Logits([Prompt.Length], 1, logits));
        Assert.Throws<ArgumentException>(() => _stage.Logits([0], 2, logits));
        AttentionBatch large = _device.CreateBatch();
        large.Add(new AttentionSlice(0, _device.Options.MaxBatchTokens + 1, 0, new int[9]));
        Assert.ThrowsAny<ArgumentException>(() => _stage.Begin(large));
    }

    [Fact]
    public void RowsForExpertsAreCheckedBeforeAnythingIsComputed()
    {
        using ExpertRunner runner = _device.CreateExpertRunner();
        Add(ModelPiece.OfExpert(1, 2));
        runner.Run(1, 2, [runner.Input.Rows]);
        runner.Run(1, 1, [0, 3, 0]);
        Assert.Equal(ModelPiece.OfExpert(1, 3), Missing(() => runner.Run(1, 2, [1, 1]), "Expert 3 of layer 1"));
        Assert.Equal(ModelPiece.OfExpert(0, 2), Missing(() => runner.Run(0, 2, [1]), "Expert 2 of layer 0"));
        int experts = _device.Config.Experts;
        (int Layer, int First, int[] Counts)[] wrong =
        [
            (-1, 2, [1]), (_device.Config.Layers, 2, [1]), (1, -1, [0]), (1, experts, [0]), (1, 2, new int[experts - 1]), (1, 2, [-1]),
            (1, 2, [runner.Input.Rows + 1]), (1, 2, [int.MaxValue, int.MaxValue]), (1, int.MaxValue, [0, 0]),
        ];
        foreach ((int layer, int first, int[] counts) in wrong)
        {
            ModelException error = Assert.Throws<ModelException>(() => runner.Run(layer, first, counts));
            Assert.Contains("llowed", error.Message, StringComparison.Ordinal);
        }

        using ModelDevice dense = Open("tiny-dense");
        Assert.Throws<ModelException>(dense.CreateExpertRunner);
    }

    [Fact]
    public void PiecesThatTheModelDoesNotHaveAreRefused()
    {
        ModelConfig config = _device.Config;
        ModelPiece[] wrong =
        [
            ModelPiece.Attention(1), ModelPiece.Attention(-2), ModelPiece.Attention(config.Layers), ModelPiece.OfExpert(0, config.Experts),
            ModelPiece.OfExpert(0, -1), ModelPiece.OfExpert(config.Layers, 0), new(PieceKind.Head, 1, 0), new((PieceKind)9, 0, 0),
        ];
        foreach (ModelPiece piece in wrong)
        {
            Assert.Contains("allowed", Assert.Throws<ModelException>(() => _device.Prepare(piece, _loading)).Message, StringComparison.Ordinal);
            Assert.Throws<ModelException>(() => _device.SizeOf(piece));
        }

        using ModelDevice dense = Open("tiny-dense");
        Assert.Throws<ModelException>(() => dense.SizeOf(ModelPiece.OfExpert(0, 0)));
        Assert.Equal(ModelPiece.All(config).Count(), ModelPiece.All(config).Select(p => p.ToString()).Distinct().Count());
    }

    [Fact]
    public void BiasesInMlpsAreRefused()
    {
        using TempFolder folder = TempFolder.CopyOf(TestPaths.Model("tiny-dense"));
        string config = File.ReadAllText(folder.File("config.json"));
        File.WriteAllText(folder.File("config.json"), config.Contains("\"mlp_bias\": false", StringComparison.Ordinal)
            ? config.Replace("\"mlp_bias\": false", "\"mlp_bias\": true", StringComparison.Ordinal)
            : string.Concat("{\"mlp_bias\": true,", config.AsSpan(config.IndexOf('{', StringComparison.Ordinal) + 1)));
        ModelException error = Assert.Throws<ModelException>(() => ModelDevice.Open(folder.Root, new ModelOptions()));
        Assert.Contains("mlp_bias", error.Message, StringComparison.Ordinal);
        Assert.Equal(error.Message, Assert.Throws<ModelException>(() => ModelRunner.Load(folder.Root)).Message);
    }

    [Fact]
    public void StagesOfOneDeviceCanInterleaveTheirCalls()
    {
        foreach (ModelPiece piece in ModelPiece.All(_device.Config))
        {
            Add(piece);
        }

        using StageRunner other = _device.CreateStage();
        (StageRunner Stage, int[] Prompt, int[] Blocks)[] steps =
            [(_stage, Prompt, [0, 1]), (other, [.. GoldenModels.Prompts(GoldenModels.Cla)[1], .. Prompt[5..20]], [2, 3])];
        float[][] alone = [.. steps.Select(s => Run([s])[0])];
        float[][] together = Run(steps);
        for (int i = 0; i < steps.Length; i++)
        {
            GoldenModels.AssertSameBits(alone[i], together[i], $"stage {i}");
        }
    }

    [Fact]
    public void ACancelledLoadLeavesNothing()
    {
        using CancellationTokenSource stop = new();
        stop.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => _device.Prepare(ModelPiece.Head, _loading, stop.Token));
        _device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _device.Prepare(ModelPiece.Head, _loading));
        Assert.Throws<ObjectDisposedException>(() => _device.CreateStage());
        Assert.Throws<ObjectDisposedException>(() => _device.CreateExpertRunner());
        _device.Dispose();
    }

    [Fact]
    public async Task PiecesLoadWhileTheDeviceComputesAndLoadingEndsWhenItIsDisposed()
    {
        ModelPiece[] all = [.. ModelPiece.All(_device.Config)];
        foreach (ModelPiece piece in all)
        {
            Add(piece);
        }

        float[] expected = Run([(_stage, Prompt, [0, 1])])[0];
        using WorkerPool loading = new(1, pin: false);
        int loaded = 0;
        Task[] loads = [.. Enumerable.Range(0, 2).Select(first => Task.Run(() =>
        {
            for (int i = first; ; i++)
            {
                using PreparedPiece prepared = _device.Prepare(all[i % all.Length], loading);
                Interlocked.Increment(ref loaded);
            }
        }))];
        while (Volatile.Read(ref loaded) < 20 && !loads.All(l => l.IsCompleted))
        {
            GoldenModels.AssertSameBits(expected, Run([(_stage, Prompt, [0, 1])])[0], "while loading");
        }

        _device.Dispose();
        foreach (Task load in loads)
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(() => load);
        }

        Assert.True(loaded >= 20);
    }

    private static ModelDevice Open(string name) => ModelDevice.Open(TestPaths.Model(name), new ModelOptions
    {
        Mode = ComputeMode.Bf16, Threads = 2, PinThreads = false, KvTokens = 128, MaxBatchTokens = 40, MaxLogitRows = 4,
    });

    private static ModelPiece Missing(Action call, string named)
    {
        MissingPieceException error = Assert.Throws<MissingPieceException>(call);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains("not installed on this device", error.Message, StringComparison.Ordinal);
        return error.Piece;
    }

    private AttentionBatch Batch(int rows = 0, params int[] blocks)
    {
        AttentionBatch batch = _device.CreateBatch();
        batch.Add(new AttentionSlice(0, rows == 0 ? Prompt.Length : rows, 0, rows == 0 ? [0, 1] : blocks));
        return batch;
    }

    // All stages make each call before any stage makes the next one.
    private float[][] Run((StageRunner Stage, int[] Prompt, int[] Blocks)[] steps)
    {
        bool[] local = new bool[_device.Config.Experts];
        Array.Fill(local, true);
        Array.ForEach(steps, s => s.Stage.Begin(Batch(s.Prompt.Length, s.Blocks)));
        Array.ForEach(steps, s => s.Stage.Embed(s.Prompt));
        for (int layer = 0; layer < _device.Config.Layers; layer++)
        {
            Array.ForEach(steps, s => s.Stage.Attend(layer));
            Array.ForEach(steps, s => s.Stage.FeedForward(layer, local));
            Array.ForEach(steps, s => s.Stage.Combine(layer));
        }

        using StepLogits logits = new(1, _device.Config.VocabSize);
        return [.. steps.Select(s =>
        {
            s.Stage.Logits([s.Prompt.Length - 1], 1, logits);
            return logits.Row(0).ToArray();
        })];
    }

    private void Add(ModelPiece piece) => Assert.True(_device.Install(_device.Prepare(piece, _loading)));
}
