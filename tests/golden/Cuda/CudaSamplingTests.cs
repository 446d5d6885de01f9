using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model;
using HunyuanOrleans.Ptx.Driver;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Golden.Tests.Cuda;

/// <summary>The host copies whole rows of logits from a GPU only for settings that need them, and the tokens are those of whole rows.</summary>
public sealed class CudaSamplingTests(CudaSamplingTests.Logits computed) : IClassFixture<CudaSamplingTests.Logits>
{
    private const int Rows = 12;

    // Keys of 8 bytes, and the maximum, for each row.
    private const long LongestList = 257 * 8;

    private readonly SampledToken[] _tokens = new SampledToken[Rows];

    [Fact]
    public void Greedy_rows_and_top_k_need_no_whole_row()
    {
        long copied = Sample(static row => row % 2 == 0 ? new SamplingParams { Temperature = 0 } : new SamplingParams { Temperature = 0.8f, TopK = 5, TopP = 0.7f });

        // The longest list, rounded up, and the maximum.
        Assert.Equal(Rows * (8 + 1) * 8, copied);
    }

    [Fact]
    public void A_row_that_needs_all_logits_is_copied_alone()
    {
        SamplingParams greedy = new() { Temperature = 0 };
        long copied = Sample(row => row == 7 ? new SamplingParams { Temperature = 1 } : greedy);
        Assert.Equal((Rows * (1 + 1) * 8) + computed.RowBytes, copied);
    }

    [Fact]
    public void Rows_that_all_need_all_logits_are_copied_at_once()
    {
        long copied = Sample(static _ => new SamplingParams { Temperature = 1, TopP = 0.9f });
        Assert.Equal(Rows * computed.RowBytes, copied);
    }

    [Fact]
    public void Penalties_and_bans_need_the_longest_lists_at_most()
    {
        long copied = Sample(static row => new SamplingParams { Temperature = 0.5f, TopK = 3, RepetitionPenalty = 1.05f, BannedTokens = [row, row + 1] });
        Assert.Equal(Rows * LongestList, copied);
    }

    [Fact]
    public void Only_logits_that_were_selected_are_given()
    {
        StepLogits logits = computed.Compute();
        Assert.Throws<InvalidOperationException>(() => logits.Largest(0));
        logits.SelectLargest(1);
        Assert.Equal(computed.Whole[Rows - 1].Max(), logits.Largest(Rows - 1).Max);
        Assert.Throws<ArgumentOutOfRangeException>(() => logits.Largest(Rows));
    }

    // Samples all rows and compares with whole rows. Returns the bytes that were copied from the device.
    private long Sample(Func<int, SamplingParams> parameters)
    {
        SamplingState[] states = [.. Enumerable.Range(0, Rows).Select(row => new SamplingState(parameters(row), 1000 + (ulong)row, [1, 2, 3], [3]))];
        StepLogits logits = computed.Compute();
        SequenceSampler sampler = new(computed.Vocabulary);
        long before = computed.Driver.BytesToHost;
        logits.Fetch(states.Max(state => sampler.LargestFor(state, logits)));
        for (int row = 0; row < Rows; row++)
        {
            sampler.Begin(states[row], default);
            _tokens[row] = sampler.Sample(logits, row);
        }

        long copied = computed.Driver.BytesToHost - before;
        Sampler reference = new(computed.Vocabulary);
        Assert.Equal(
            Enumerable.Range(0, Rows).Select(row => reference.Sample((float[])computed.Whole[row].Clone(), states[row]).Id),
            _tokens.Select(static token => token.Id));
        return copied;
    }

    /// <summary>A model on a GPU that has computed a step.</summary>
    public sealed class Logits : IDisposable
    {
        private static readonly int[] AllRows = [.. Enumerable.Range(0, Rows)];
        private readonly ModelRunner _model;

        public Logits()
        {
            GoldenCase golden = GoldenCase.Load("tiny-cla");
            _model = CudaModels.Load(golden.ModelFolder, ComputeMode.Bf16, driver: Driver);
            AttentionBatch batch = _model.CreateBatch();
            batch.Add(new AttentionSlice(0, Rows, 0, new int[] { 0 }));
            StepLogits logits = _model.Forward(golden.Prompts.First(static prompt => prompt.Ids.Length == 33).Ids[..Rows], batch, AllRows, Rows);
            Whole = [.. AllRows.Select(row => logits.Row(row).ToArray())];
        }

        public PtxDriver Driver { get; } = new();

        public float[][] Whole { get; }

        public int Vocabulary => _model.Config.VocabSize;

        /// <summary>Bytes of a row in device memory.</summary>
        public long RowBytes => ((Vocabulary * sizeof(float)) + 63) / 64 * 64;

        /// <summary>Computes the logits of the step's rows, of which the host has none then.</summary>
        public StepLogits Compute() => _model.Logits(AllRows, Rows);

        public void Dispose()
        {
            _model.Dispose();
            Assert.Empty(Driver.Leaks);
        }
    }
}
