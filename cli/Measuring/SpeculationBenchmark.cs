using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Engine.Speculation;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Measuring;

/// <summary>
/// Measures how fast answers are decoded with and without guessed tokens, in turn: answers with a given text, or those that the model itself draws. Without
/// guesses, an MTP layer does not run either.
/// </summary>
/// <param name="model">The model; stays the caller's.</param>
/// <param name="plan">Lengths, batches and number of runs.</param>
/// <param name="text">The prompt and the answer: as many tokens as the plan has together. Null: random prompts, and greedy answers of the model.</param>
/// <param name="speculation">How tokens are guessed.</param>
internal sealed class SpeculationBenchmark(ModelRunner model, BenchPlan plan, int[]? text, SpeculationOptions speculation)
{
    private const int Seed = 1;

    /// <summary>Measures every batch. Each measurement is the best of its runs.</summary>
    /// <exception cref="ModelException">The engine failed.</exception>
    public async Task<BenchSpeculation[]> RunAsync(ProgressReport report, CancellationToken cancellation)
    {
        int done = 0;
        List<BenchSpeculation> results = [];
        foreach (int batch in plan.Batches)
        {
            double without = 0;
            (double Rate, EngineStatistics Statistics) with = default;
            for (int i = 0; i < plan.Repeats; i++)
            {
                without = Math.Max(without, (await DecodeAsync(batch, SpeculationOptions.Off, cancellation)).Rate);
                (double Rate, EngineStatistics Statistics) run = await DecodeAsync(batch, speculation, cancellation);
                with = run.Rate > with.Rate ? run : with;
                report(++done, plan.Repeats * plan.Batches.Length);
            }

            EngineStatistics statistics = with.Statistics;
            results.Add(new BenchSpeculation(
                batch, without, with.Rate, with.Rate / without, statistics.DraftedTokens, statistics.AcceptedDraftTokens, statistics.Steps));
        }

        return [.. results];
    }

    // A new engine learns anew what rows cost: its first guesses belong to the measurement.
    private async Task<(double Rate, EngineStatistics Statistics)> DecodeAsync(int batch, SpeculationOptions guesses, CancellationToken cancellation)
    {
        LocalExecutor local = new(model, ownsModel: false, mtp: guesses.MtpTokens > 0);
        await using IModelExecutor executor = text is null ? local : new ReplayExecutor(local, text);
        Random random = new(Seed);
        EngineOptions options = new() { Scheduler = new SchedulerOptions { PrefixCache = false, Speculation = guesses } };
        await using InferenceEngine engine = InferenceEngine.Start(executor, options);
        Generation[] running = [.. Enumerable.Range(0, batch).Select(_ => engine.Submit(new GenerationRequest
        {
            PromptIds = text?.AsMemory(0, plan.Prompt) ?? RandomPrompt(random),
            Sampling = SamplingParams.Greedy,
            MaxTokens = plan.Generate,
            IgnoreEos = true,
            Cancellation = cancellation,
        }))];
        ChoiceResult[] answers = await Task.WhenAll(running.Select(static generation => generation.Choices[0].Completion));
        cancellation.ThrowIfCancellationRequested();
        if (answers.FirstOrDefault(static answer => answer.Error is not null) is { Error: { } error })
        {
            throw new ModelException(error);
        }

        // From the moment at which all answers have begun.
        double seconds = answers.Max(static answer => answer.Timings.Total.TotalSeconds) - answers.Max(static answer => answer.Timings.FirstToken!.Value.TotalSeconds);
        return ((double)batch * (plan.Generate - 1) / seconds, engine.GetStatistics());
    }

    private ReadOnlyMemory<int> RandomPrompt(Random random)
    {
        int[] prompt = new int[plan.Prompt];
        for (int i = 0; i < prompt.Length; i++)
        {
            prompt[i] = random.Next(model.Config.VocabSize);
        }

        return prompt;
    }
}
