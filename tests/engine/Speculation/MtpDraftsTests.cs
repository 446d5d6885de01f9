using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Speculation;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Speculation;

/// <summary>
/// The guesses of the MTP layer are those that it makes when it sees the whole sequence at once: after prompts in chunks, rejected guesses, steps with other
/// sequences, and pre-emption. Answers would not show an error here, because guesses change no token.
/// </summary>
public sealed class MtpDraftsTests
{
    private static readonly string Folder = TestPaths.Model("tiny-hy3");

    private static readonly ModelOptions Options =
        new() { Mode = ComputeMode.F32, Threads = 1, KvTokens = 288, PinThreads = false, MaxBatchTokens = 160, MaxLogitRows = 48, Mtp = true };

    [Fact]
    public async Task Guesses_are_those_of_the_whole_sequence()
    {
        await using RecordingExecutor executor = new(new LocalExecutor(ModelRunner.Load(Folder, Options)));
        EngineStatistics statistics;
        await using (var engine = InferenceEngine.Start(executor, new EngineOptions
        {
            Scheduler = new() { MaxSequences = 8, TokenBudget = 40, PrefillChunk = 7, PrefixCache = false, Speculation = SpeculationOptions.Off.WithMtp("3")! },
        }))
        {
            Random random = new(3);
            Generation[] running = [.. Enumerable.Range(0, 10).Select(i => engine.Submit(new GenerationRequest
            {
                PromptIds = Enumerable.Range(0, 5 + random.Next(35)).Select(_ => random.Next(executor.Limits.VocabularySize)).ToArray(),
                MaxTokens = 40,
                IgnoreEos = true,
                Sampling = new SamplingParams { Temperature = i % 3 == 0 ? 0 : 0.8f, Seed = (ulong)i },
            }))];
            await Task.WhenAll(running.Select(static generation => generation.CompletionAsync()));
            statistics = await EngineTests.WhenIdle(engine);
        }

        Assert.True(statistics.Preemptions > 0, "Nothing was pre-empted.");
        Assert.True(statistics.MtpDraftedTokens > statistics.AcceptedMtpTokens, "Every guess was right.");
        Assert.True(executor.Guesses.Count > 100, $"{executor.Guesses.Count} guesses");
        using ModelRunner model = ModelRunner.Load(Folder, Options);
        foreach ((int[] sequence, int following, int[] drafts) in executor.Guesses)
        {
            Assert.Equal(Expected(model, sequence, following, drafts.Length), drafts);
        }
    }

    private static int[] Expected(ModelRunner model, int[] sequence, int following, int count)
    {
        int[] rows = [.. Enumerable.Range(0, sequence.Length)], blocks = [.. Enumerable.Range(0, (sequence.Length / KvBlocks.Positions) + 2)];
        AttentionBatch batch = model.CreateBatch();
        batch.Add(new AttentionSlice(0, sequence.Length, 0, blocks));
        model.Forward(sequence, batch, [], 0);
        model.Mtp!.Run(rows, [.. sequence[1..], following], batch);
        int row = sequence.Length - 1;
        List<int> drafts = [];
        while (true)
        {
            float[] logits = model.Mtp.Logits([row], 1).Row(0).ToArray();
            drafts.Add(Array.IndexOf(logits, logits.Max()));
            if (drafts.Count == count)
            {
                return [.. drafts];
            }

            batch = model.CreateBatch();
            batch.Add(new AttentionSlice(0, 1, sequence.Length + drafts.Count - 1, blocks));
            model.Mtp.Continue([row], [drafts[^1]], batch);
            row = 0;
        }
    }

    /// <summary>Keeps every guess with the tokens that it follows.</summary>
    private sealed class RecordingExecutor(LocalExecutor inner) : IModelExecutor
    {
        private readonly Dictionary<long, int[]> _tokens = [];

        public List<(int[] Sequence, int Following, int[] Drafts)> Guesses { get; } = [];

        public ExecutorLimits Limits => inner.Limits;

        public async ValueTask ExecuteAsync(StepBatch batch, StepResult result, CancellationToken cancellationToken)
        {
            await inner.ExecuteAsync(batch, result, cancellationToken);
            for (int i = 0; i < batch.SliceCount; i++)
            {
                SequenceSlice slice = batch.Slices[i];
                int[] tokens = _tokens.TryGetValue(slice.Session, out int[]? known) ? known : _tokens[slice.Session] = new int[256];
                batch.Tokens.Slice(slice.FirstRow, slice.Count).CopyTo(tokens.AsSpan(slice.Start));
                if (result.Drafts(i).Length > 0)
                {
                    // Rejected guesses are no part of the sequence.
                    int length = slice.Start + slice.Count - slice.Drafts.Count + result[i].Length - 1;
                    Guesses.Add((tokens[..length], result[i][^1].Id, result.Drafts(i).ToArray()));
                }
            }
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
