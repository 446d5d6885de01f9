using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Engine.Tests.Support;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Engine.Tests;

/// <summary>Decoding with a real model allocates nothing on the managed heap, neither on the calling thread nor on the workers.</summary>
public sealed class LocalDecodeAllocationTests
{
    private const int Sequences = 5;
    private const int WarmUp = 64;
    private const int Steps = 300;
    private const int Windows = 10;
    private const int First = 200;

    [Theory]
    [InlineData(ComputeMode.Bf16, false, 0)]
    [InlineData(ComputeMode.Bf16, true, 0)]
    [InlineData(ComputeMode.F32, false, 0)]
    [InlineData(ComputeMode.Bf16, true, 3)]
    public Task Steps_allocate_nothing(ComputeMode mode, bool sampled, int drafts) => AssertNothingAllocated(TestPaths.DemoModel, mode, sampled, drafts, mtp: 0);

    [Theory]
    [InlineData(ComputeMode.Bf16, false, 0)]
    [InlineData(ComputeMode.F32, true, 2)]
    public async Task Steps_of_an_MTP_layer_allocate_nothing(ComputeMode mode, bool sampled, int drafts)
    {
        using TempFolder folder = PredictableModel.Create();
        await AssertNothingAllocated(folder.File("model"), mode, sampled, drafts, mtp: 3);
    }

    private static async Task AssertNothingAllocated(string folder, ComputeMode mode, bool sampled, int drafts, int mtp)
    {
        using ModelRunner model = ModelRunner.Load(
            folder, new ModelOptions { Mode = mode, Threads = 2, KvTokens = 4096, PinThreads = false, Mtp = mtp > 0 });
        await using LocalExecutor executor = new(model, ownsModel: false);
        SamplingParams parameters = sampled ? SamplingParams.Default : SamplingParams.Greedy;
        SamplingState[] states = [.. Enumerable.Range(0, Sequences).Select(i => new SamplingState(parameters, (ulong)i, [First]))];
        int blocks = ((WarmUp + Steps + drafts) / executor.Limits.BlockPositions) + 1;
        int[][] tables = [.. Enumerable.Range(0, Sequences).Select(i => Enumerable.Range(i * blocks, blocks).ToArray())];
        int[][] tokens = [.. Enumerable.Range(0, Sequences).Select(_ => Enumerable.Repeat(First, 1 + drafts).ToArray())];
        StepBatch batch = new(Sequences * (1 + drafts), Sequences);
        StepResult result = new(Sequences, Sequences * (1 + drafts));
        AllocationProbe probe = new(model.Pool);
        int guessed = 0;

        Decode(0, WarmUp);
        long[] allocated = new long[Windows];
        for (int window = 0; window < Windows; window++)
        {
            int start = WarmUp + (window * Steps / Windows);
            probe.Start();
            Decode(start, start + (Steps / Windows));
            allocated[window] = probe.Stop();
        }

        // With drafts, an expert may get a number of rows for the first time, for which a kernel is generated. A step that allocates would show in every window.
        Assert.True(allocated.Count(static bytes => bytes > 0) <= (drafts + mtp > 0 ? 2 : 0), string.Join(' ', allocated));
        Assert.Equal(mtp > 0, guessed > Steps);

        void Decode(int from, int to)
        {
            for (int position = from; position < to; position++)
            {
                batch.Clear();
                for (int i = 0; i < Sequences; i++)
                {
                    // The drafts are rejected or accepted by chance; the step after them computes their positions again.
                    batch.Add(tokens[i], position, tables[i], states[i], session: i + 1, drafts: new DraftTokens(tokens[i].AsMemory(1), default), mtp: new MtpRequest(null, mtp));
                }

                if (!executor.ExecuteAsync(batch, result, CancellationToken.None).IsCompletedSuccessfully)
                {
                    Assert.Fail("A local step completes synchronously.");
                }

                for (int i = 0; i < Sequences; i++)
                {
                    tokens[i].AsSpan().Fill(result[i][0].Id);
                    guessed += result.Drafts(i).Length;
                    states[i].Append(tokens[i][0]);
                }
            }
        }
    }

    /// <summary>Reads the allocation counters of the calling thread and of every worker.</summary>
    private sealed class AllocationProbe(WorkerPool pool) : IJob
    {
        private readonly long[] _before = new long[pool.Threads];
        private readonly long[] _after = new long[pool.Threads];
        private long[] _target = [];
        private int _arrived;

        public void Start()
        {
            // Read twice more than needed: the probe itself allocates on first use.
            Read(_before);
            Read(_after);
            Read(_before);
        }

        public long Stop()
        {
            Read(_after);
            return _after.Sum() - _before.Sum();
        }

        public void Run(int unit, int worker)
        {
            _target[worker] = GC.GetAllocatedBytesForCurrentThread();

            // Every unit waits for the others, so each worker takes exactly one unit.
            Interlocked.Increment(ref _arrived);
            while (Volatile.Read(ref _arrived) < pool.Threads)
            {
                Thread.SpinWait(1);
            }
        }

        private void Read(long[] target)
        {
            _arrived = 0;
            _target = target;
            pool.Run(this, pool.Threads);
        }
    }
}
