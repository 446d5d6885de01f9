using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Model.Quantization.Writing;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Golden.Tests;

/// <summary>
/// The layer for multi-token prediction computes the recorded numbers, in their variant that does not clear the embedding at position 0, and its output
/// continues the recorded chain.
/// </summary>
public sealed class MtpTests
{
    private const int PromptLength = 7, Drafts = 3;

    public static TheoryData<string, InstructionSet, int> Cases
    {
        get
        {
            TheoryData<string, InstructionSet, int> data = [];
            foreach (InstructionSet isa in FloatKernels.Sets)
            {
                foreach (int chunk in new[] { PromptLength, 3, 1 })
                {
                    data.Add("tiny-hy3", isa, chunk);
                    data.Add("tiny-hy3-outer", isa, chunk);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void LogitsStatesExpertsAndDraftsInFloat32(string name, InstructionSet isa, int chunk)
    {
        GoldenCase golden = GoldenCase.Load(name);
        GoldenPrompt prompt = golden.PromptOfLength(PromptLength);
        int[] following = prompt.List("mtp_token_ids");
        Assert.Equal([.. prompt.Ids[1..], prompt.GreedyIds[0]], following);
        using ModelRunner model = Load(golden.ModelFolder, isa);
        Chain chain = new(model);
        List<float[]> logits = [], states = [];
        List<int[]> experts = [];
        for (int at = 0; at < PromptLength; at += chunk)
        {
            int count = Math.Min(chunk, PromptLength - at);
            logits.AddRange(chain.Append(prompt.Ids.AsSpan(at, count), following.AsSpan(at, count)));
            states.AddRange(Enumerable.Range(0, count).Select(row => model.Mtp!.Outputs.Row(row).ToArray()));
            experts.AddRange(Enumerable.Range(0, count).Select(row => model.Mtp!.Routed.ExpertsOf(row).ToArray()));
        }

        PublishedNumbersTests.AssertRows(prompt.Array("mtp_logits_unmasked").Values, logits, PublishedNumbersTests.F32Tolerance);
        PublishedNumbersTests.AssertRows(prompt.Array("mtp_hidden_unmasked").Values, states, PublishedNumbersTests.F32Tolerance);
        Assert.Equal(prompt.Lists("mtp_experts_unmasked").Select(static list => list.Order().ToArray()), experts);

        List<float[]> drafted = [logits[^1]];
        while (drafted.Count < Drafts)
        {
            drafted.Add(chain.Continue(LargestOf(drafted[^1])));
        }

        PublishedNumbersTests.AssertRows(prompt.Array("mtp_draft_logits_unmasked").Values, drafted, PublishedNumbersTests.F32Tolerance);
        Assert.Equal(prompt.List("mtp_draft_ids_unmasked"), drafted.Select(LargestOf));
    }

    [Theory]
    [InlineData("tiny-hy3")]
    [InlineData("tiny-hy3-outer")]
    public void TheModelItselfComputesTheSameBits(string name)
    {
        GoldenCase golden = GoldenCase.Load(name);
        GoldenPrompt prompt = golden.PromptOfLength(33);
        using ModelRunner without = Session.Load(golden.ModelFolder, ComputeMode.F32);
        using ModelRunner with = Load(golden.ModelFolder, null);
        Assert.Null(without.Mtp);
        Assert.Equal(without.Config.Layers, with.Config.Layers);
        Assert.True(with.WeightBytes > without.WeightBytes && with.Cache.BlockBytes == without.Cache.BlockBytes);
        SameBitsTests.AssertSame(new Session(without).Append(prompt.Ids), new Session(with).Append(prompt.Ids), "with the layer loaded");
    }

    [Theory]
    [InlineData("tiny-hy3", QuantFormat.Int8)]
    [InlineData("tiny-hy3", QuantFormat.Int4)]
    [InlineData("tiny-hy3-outer", QuantFormat.Int4All)]
    [InlineData("tiny-hy3-outer", QuantFormat.Fp8)]
    public void QuantisedInTheFilesOrAtLoadItComputesTheSameBits(string name, QuantFormat format)
    {
        GoldenCase golden = GoldenCase.Load(name);
        GoldenPrompt prompt = golden.PromptOfLength(PromptLength);
        using TempFolder folder = new();
        ModelQuantizer.Quantize(golden.ModelFolder, folder.File("quantised"), format);
        ModelOptions options = new() { Threads = 1, KvTokens = 256, PinThreads = false, Mtp = true };
        float[][][] logits = new float[2][][];
        for (int i = 0; i < logits.Length; i++)
        {
            using ModelRunner model = i == 0
                ? ModelRunner.Load(golden.ModelFolder, options with { Quant = format })
                : ModelRunner.Load(folder.File("quantised"), options);
            logits[i] = [.. new Chain(model).Append(prompt.Ids, prompt.List("mtp_token_ids"))];
        }

        SameBitsTests.AssertSame(logits[0], logits[1], "from quantised files");
        Assert.Contains(logits[0], row => row.Any(static value => MathF.Abs(value) > 1));
    }

    private static ModelRunner Load(string folder, InstructionSet? isa) => ModelRunner.Load(
        folder, new ModelOptions { Mode = ComputeMode.F32, Isa = isa, Threads = 1, KvTokens = 1024, PinThreads = false, MaxLogitRows = 256, Mtp = true });

    private static int LargestOf(float[] logits) => logits.AsSpan().IndexOf(logits.Max());

    // The model and the layer behind it on one sequence.
    private sealed class Chain(ModelRunner model)
    {
        private readonly Session _session = new(model);
        private int _lastRow;

        public IEnumerable<float[]> Append(ReadOnlySpan<int> ids, ReadOnlySpan<int> following)
        {
            AttentionBatch batch = Batch(ids.Length);
            int[] rows = [.. Enumerable.Range(0, ids.Length)];
            model.Forward(ids, batch, [], 0);
            model.Mtp!.Run(rows, following, batch);
            return Finish(rows);
        }

        public float[] Continue(int draft)
        {
            model.Mtp!.Continue([_lastRow], [draft], Batch(1));
            return Finish([0])[0];
        }

        private AttentionBatch Batch(int rows)
        {
            AttentionBatch batch = model.CreateBatch();
            batch.Add(_session.Slice(0, rows));
            return batch;
        }

        private float[][] Finish(int[] rows)
        {
            StepLogits logits = model.Mtp!.Logits(rows, rows.Length);
            _session.Advance(rows.Length);
            _lastRow = rows.Length - 1;
            return [.. rows.Select(row => logits.Row(row).ToArray())];
        }
    }
}
