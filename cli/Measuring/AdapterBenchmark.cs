using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Engine.Speculation;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Checkpoints;

namespace HunyuanOrleans.Cli.Measuring;

/// <summary>Measures how fast answers are decoded on the bare model and with adapters of their own, in turn. The adapters are random.</summary>
/// <param name="model">The model; stays the caller's.</param>
/// <param name="plan">Lengths, batches and number of runs.</param>
/// <param name="rank">Rank of the adapters.</param>
/// <param name="targets">The projections that they change.</param>
internal sealed class AdapterBenchmark(ModelRunner model, BenchPlan plan, int rank, IReadOnlyList<string> targets)
{
    /// <summary>Measures every batch. Each measurement is the best of its runs.</summary>
    /// <exception cref="ModelException">The engine failed.</exception>
    public async Task<BenchAdapters[]> RunAsync(ProgressReport report, CancellationToken cancellation)
    {
        LoraAdapter[] adapters = CreateAdapters(plan.Batches.Max());
        try
        {
            await DecodeAsync(plan.Batches.Max(), adapters, cancellation);
            int done = 0;
            List<BenchAdapters> results = [];
            foreach (int batch in plan.Batches)
            {
                double without = 0, with = 0;
                for (int i = 0; i < plan.Repeats; i++)
                {
                    without = Math.Max(without, await DecodeAsync(batch, [], cancellation));
                    with = Math.Max(with, await DecodeAsync(batch, adapters, cancellation));
                    report(++done, plan.Repeats * plan.Batches.Length);
                }

                results.Add(new BenchAdapters(batch, adapters[0].Bytes, without, with, with / without));
            }

            return [.. results];
        }
        finally
        {
            Array.ForEach(adapters, static adapter => adapter.Dispose());
        }
    }

    private LoraAdapter[] CreateAdapters(int count)
    {
        string folder = Directory.CreateTempSubdirectory("hunyuan-bench-").FullName;
        List<LoraAdapter> adapters = [];
        try
        {
            for (int i = 0; i < count; i++)
            {
                string one = Path.Combine(folder, $"{i}");
                RandomAdapter.Write(one, model.Config, rank, targets, i, StoredType.BF16);
                adapters.Add(model.LoadAdapter(one));
            }

            return [.. adapters];
        }
        catch
        {
            adapters.ForEach(static adapter => adapter.Dispose());
            throw;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<double> DecodeAsync(int batch, LoraAdapter[] adapters, CancellationToken cancellation)
    {
        Random random = new(1);
        await using LocalExecutor executor = new(model, ownsModel: false);
        SchedulerOptions scheduler = new() { PrefixCache = false, Speculation = SpeculationOptions.Off };
        await using InferenceEngine engine = InferenceEngine.Start(executor, new EngineOptions { Scheduler = scheduler });
        GenerationRequest[] requests = [.. Enumerable.Range(0, batch).Select(_ => new GenerationRequest
        {
            PromptIds = Enumerable.Range(0, plan.Prompt).Select(_ => random.Next(model.Config.VocabSize)).ToArray(),
            Sampling = SamplingParams.Greedy,
            MaxTokens = plan.Generate,
            IgnoreEos = true,
            Cancellation = cancellation,
        })];
        Generation[] running = [.. requests.Select((request, i) => engine.Submit(request, adapters.Length == 0 ? null : adapters[i]))];
        ChoiceResult[] answers = await Task.WhenAll(running.Select(static generation => generation.Choices[0].Completion));
        cancellation.ThrowIfCancellationRequested();
        if (answers.FirstOrDefault(static answer => answer.Error is not null) is { Error: { } error })
        {
            throw new ModelException(error);
        }

        // From the moment at which all answers have begun.
        double seconds = answers.Max(static answer => answer.Timings.Total.TotalSeconds) - answers.Max(static answer => answer.Timings.FirstToken!.Value.TotalSeconds);
        return (double)batch * (plan.Generate - 1) / seconds;
    }
}
