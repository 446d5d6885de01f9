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
        float[][] expected = Decode(firstBlock: 0, CallLayers);
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
        Replace(ModelPiece.OfExpert(SplitLayer, 0));
        SameBitsTests.AssertSame(expected, Decode(firstBlock: 5, stage => stage.Run(StageSegment.OfLayers(0, Last))), "after a change");
        Assert.Equal(launches + Steps - 1, _driver.GraphLaunches);
    }

    [Fact]
    public void An_expert_that_is_missing_is_noticed_although_other_steps_were_replayed()
    {
        StageSegment whole = StageSegment.OfLayers(0, Last);
        StageSegment head = new(0, StageCall.Attend, SplitLayer, StageCall.Attend);
        StageSegment tail = new(SplitLayer, StageCall.FeedForward, Last, StageCall.Combine);
        int[] chosen = new int[Steps];
        int step = 0;
        Decode(
            firstBlock: 0,
            stage =>
            {
                stage.Run(head);
                chosen[step++] = Assert.Single(stage.Routed.ExpertsOf(0).ToArray());
                stage.Run(tail);
            });
        int other = Array.FindIndex(chosen, expert => expert != chosen[0]);
        Assert.False(_stage.NeedsChoice(SplitLayer));
        Assert.True(_device.Remove(ModelPiece.OfExpert(SplitLayer, chosen[other])));
        Assert.True(_stage.NeedsChoice(SplitLayer));

        // The choice of the layer is inside the whole segment, but not inside the two others.
        int launches = _driver.GraphLaunches;
        RunThrice(whole);
        Assert.Equal(launches, _driver.GraphLaunches);
        RunThrice(head, tail);
        Assert.Equal(launches + 4, _driver.GraphLaunches);
        Begin(_stage, firstBlock: 0, rows: 1, other);
        Assert.Throws<MissingPieceException>(() => _stage.Run(whole));
        Begin(_stage, firstBlock: 0, rows: 1, other);
        _stage.Run(head);
        Assert.Throws<MissingPieceException>(() => _stage.Run(tail));

        void RunThrice(params StageSegment[] segments)
        {
            for (int i = 0; i < 3; i++)
            {
                Begin(_stage, firstBlock: 0, rows: 1, step: 0);
                Array.ForEach(segments, _stage.Run);
            }
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    public void Stages_that_take_turns_give_the_bits_of_each_alone(params int[] rows)
    {
        float[][][] expected = [.. rows.Select(count => Decode(firstBlock: 0, CallLayers, count))];
        using StageRunner other = _device.CreateStage();
        StageRunner[] stages = [_stage, other];
        int[] firstBlocks = [5, 9];
        float[][][] actual = [new float[Steps][], new float[Steps][]];
        for (int i = 0; i < stages.Length; i++)
        {
            Prompt(stages[i], firstBlocks[i], rows[i]);
        }

        // The second stage is a step behind: it submits while the first records, and records while the first replays.
        for (int turn = 0; turn <= Steps; turn++)
        {
            int[] active = [.. Enumerable.Range(0, stages.Length).Where(i => turn - i is >= 0 and < Steps)];
            foreach (int i in active)
            {
                Begin(stages[i], firstBlocks[i], rows[i], turn - i);
                stages[i].Run(new StageSegment(0, StageCall.Attend, SplitLayer, StageCall.Attend));
            }

            if (turn == 3)
            {
                Replace(ModelPiece.OfExpert(SplitLayer, 0));
            }

            foreach (int i in active)
            {
                stages[i].Run(new StageSegment(SplitLayer, StageCall.FeedForward, Last, StageCall.Combine));
            }

            foreach (int i in active)
            {
                actual[i][turn - i] = Logits(stages[i], rows[i]);
            }
        }

        SameBitsTests.AssertSame(expected[0], actual[0], "the first stage");
        SameBitsTests.AssertSame(expected[1], actual[1], "the second stage");
        Assert.Equal(12, _driver.GraphLaunches);
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
        Assert.Throws<ArgumentOutOfRangeException>(() => _stage.Run(StageSegment.OfLayers(Last, 0)));
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

    private void CallLayers(StageRunner stage) =>
        StageSegment.OfLayers(0, Last).CallOn(stage, [.. Enumerable.Repeat(true, _device.Config.Experts)]);

    // The weights of the piece may lie elsewhere then.
    private void Replace(ModelPiece piece)
    {
        Assert.True(_device.Remove(piece));
        Install(piece);
    }

    private void Install(ModelPiece piece) => Assert.True(_device.Install(_device.Prepare(piece, loadPool: null)));

    private float[][] Decode(int firstBlock, Action<StageRunner> runLayers, int rows = 1)
    {
        Prompt(_stage, firstBlock, rows);
        return [.. Enumerable.Range(0, Steps).Select(step =>
        {
            Begin(_stage, firstBlock, rows, step);
            runLayers(_stage);
            return Logits(_stage, rows);
        })];
    }

    // The calls for the prompt are made one by one, so replays are those of the steps after it.
    private void Prompt(StageRunner stage, int firstBlock, int rows)
    {
        BeginAt(stage, firstBlock, 0, _ids.Length - (Steps * rows));
        CallLayers(stage);
    }

    private void Begin(StageRunner stage, int firstBlock, int rows, int step) =>
        BeginAt(stage, firstBlock, _ids.Length - ((Steps - step) * rows), rows);

    private void BeginAt(StageRunner stage, int firstBlock, int start, int rows)
    {
        AttentionBatch batch = _device.CreateBatch();
        batch.Add(new AttentionSlice(0, rows, start, new int[] { firstBlock + 3, firstBlock }));
        stage.Begin(batch);
        stage.Embed(_ids.AsSpan(start, rows));
    }

    private float[] Logits(StageRunner stage, int rows)
    {
        stage.Logits([rows - 1], 1, _logits);
        return _logits.Row(0).ToArray();
    }
}
