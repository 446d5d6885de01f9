using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Devices;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.Ptx.Driver;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Golden.Tests.Cuda;

/// <summary>A stage replays the layers between two choices of experts that the host must look at, with the bits of calls that are made one by one.</summary>
public sealed class CudaStageReplayTests : IDisposable
{
    private const int Steps = 5;
    private const int SplitLayer = 1;

    private readonly PtxDriver _driver = new();
    private readonly ModelDevice _device;
    private readonly StageRunner _stage;
    private readonly StepLogits _logits;
    private readonly int[] _ids;

    public CudaStageReplayTests()
    {
        GoldenCase golden = GoldenCase.Load("tiny-cla");
        _ids = golden.Prompts.First(static prompt => prompt.Ids.Length == 33).Ids;
        _device = ModelDevice.Open(golden.ModelFolder, CudaModels.Options(ComputeMode.Bf16, driver: _driver));
        _stage = _device.CreateStage();
        _logits = new StepLogits(_device.Options.MaxLogitRows, _device.Config.VocabSize);
        foreach (ModelPiece piece in ModelPiece.All(_device.Config))
        {
            Install(piece);
        }
    }

    private int Last => _device.Config.Layers - 1;

    [Fact]
    public void All_layers_are_one_replay_and_a_choice_that_is_looked_at_ends_one()
    {
        // Called one by one, nothing is replayed.
        float[][] expected = Decode(
            firstBlock: 0,
            stage =>
            {
                for (int layer = 0; layer <= Last; layer++)
                {
                    stage.Attend(layer);
                    stage.FeedForward(layer, [.. Enumerable.Repeat(true, _device.Config.Experts)]);
                    stage.Combine(layer);
                }
            });
        Assert.Equal(0, _driver.GraphLaunches);

        SameBitsTests.AssertSame(expected, Decode(firstBlock: 5, stage => stage.Run(StageSegment.OfLayers(0, Last))), "one segment");
        Assert.Equal(Steps - 1, _driver.GraphLaunches);

        // Counts are those of the present step, although the host did nothing for the layers before.
        SameBitsTests.AssertSame(expected, Decode(firstBlock: 9, RunInTwo), "two segments");
        Assert.Equal(3 * (Steps - 1), _driver.GraphLaunches);
    }

    [Fact]
    public void A_piece_that_comes_or_goes_ends_what_was_recorded()
    {
        float[][] expected = Decode(firstBlock: 0, stage => stage.Run(StageSegment.OfLayers(0, Last)));
        int launches = _driver.GraphLaunches;
        ModelPiece expert = ModelPiece.OfExpert(SplitLayer, 0);
        Assert.True(_device.Remove(expert));
        Install(expert);

        // The weights of the expert may lie elsewhere now.
        SameBitsTests.AssertSame(expected, Decode(firstBlock: 5, stage => stage.Run(StageSegment.OfLayers(0, Last))), "after a change");
        Assert.Equal(launches + Steps - 1, _driver.GraphLaunches);
    }

    [Fact]
    public void The_end_of_a_layer_alone_is_not_recorded()
    {
        Decode(
            firstBlock: 0,
            stage =>
            {
                stage.Run(new StageSegment(0, StageCall.Attend, Last, StageCall.Attend));
                stage.Run(new StageSegment(Last, StageCall.FeedForward, Last, StageCall.Combine));
            });
        Assert.Equal(Steps - 1, _driver.GraphLaunches);
    }

    [Fact]
    public void Segments_outside_the_model_or_out_of_order_are_refused()
    {
        AttentionBatch batch = _device.CreateBatch();
        batch.Add(new AttentionSlice(0, 1, 0, new int[] { 0 }));
        _stage.Begin(batch);
        _stage.Embed([1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => _stage.Run(StageSegment.OfLayers(0, Last + 1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => _stage.Run(StageSegment.OfLayers(-1, 0)));
        Assert.Throws<InvalidOperationException>(() => _stage.Run(new StageSegment(0, StageCall.Combine, Last, StageCall.Combine)));
    }

    public void Dispose()
    {
        _logits.Dispose();
        _stage.Dispose();
        _device.Dispose();
        Assert.Empty(_driver.Leaks);
    }

    private void RunInTwo(StageRunner stage)
    {
        stage.Run(new StageSegment(0, StageCall.Attend, SplitLayer, StageCall.Attend));
        int rows = 0;
        foreach (int count in stage.Routed.Counts)
        {
            rows += count;
        }

        Assert.Equal(_device.Config.TopK(SplitLayer), rows);
        stage.Run(new StageSegment(SplitLayer, StageCall.FeedForward, Last, StageCall.Combine));
    }

    private void Install(ModelPiece piece) => Assert.True(_device.Install(_device.Prepare(piece, loadPool: null)));

    // The calls for the prompt are made one by one, so replays are those of the steps after it.
    private float[][] Decode(int firstBlock, Action<StageRunner> runLayers)
    {
        int[] blocks = [firstBlock + 3, firstBlock];
        int prompt = _ids.Length - Steps;
        Step(_ids.AsSpan(0, prompt), 0, blocks, stage => StageSegment.OfLayers(0, Last).CallOn(stage, [.. Enumerable.Repeat(true, _device.Config.Experts)]));
        return [.. Enumerable.Range(prompt, Steps).Select(i => Step(_ids.AsSpan(i, 1), i, blocks, runLayers))];
    }

    private float[] Step(ReadOnlySpan<int> ids, int start, int[] blocks, Action<StageRunner> runLayers)
    {
        AttentionBatch batch = _device.CreateBatch();
        batch.Add(new AttentionSlice(0, ids.Length, start, blocks));
        _stage.Begin(batch);
        _stage.Embed(ids);
        runLayers(_stage);
        _stage.Logits([ids.Length - 1], 1, _logits);
        return _logits.Row(0).ToArray();
    }
}
