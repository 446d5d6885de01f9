using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine;
using HunyuanOrleans.Engine.Adapters;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Engine.Speculation;
using HunyuanOrleans.Model;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Cluster.Tests.Support;

/// <summary>A model computed in this process without a cluster and without guesses: a cluster must give the same tokens.</summary>
internal static class LocalReference
{
    /// <summary>The tokens of each answer to each request.</summary>
    public static async Task<int[][][]> RunAsync(
        TestModel model, IReadOnlyList<GenerationRequest> requests, IReadOnlyDictionary<string, string>? adapters = null)
    {
        ModelRunner runner = ModelRunner.Load(model.Directory, model.Options);
        await using LocalExecutor executor = new(runner);
        AdapterStore store = new(runner);
        foreach ((string name, string folder) in adapters ?? new Dictionary<string, string>())
        {
            store.Add(name, folder);
        }

        InferenceEngine engine = InferenceEngine.Start(
            executor,
            new EngineOptions { EosIds = model.Config.EosTokenIds, Scheduler = new SchedulerOptions { Speculation = SpeculationOptions.Off } },
            Tokenizer.Exists(model.Directory) ? new TokenizerText(Tokenizer.Load(model.Directory)) : null);
        await using LocalGenerator generator = new(engine, model.Name, adapters: store);
        List<IGeneration> running = [];
        foreach (GenerationRequest request in requests)
        {
            running.Add(await generator.SubmitAsync(request, CancellationToken.None));
        }

        List<int[][]> answers = [];
        foreach (IGeneration generation in running)
        {
            ChoiceResult[] results = await Task.WhenAll(generation.Choices.Select(static choice => choice.Completion));
            answers.Add([.. results.Select(static result => result.Ids.ToArray())]);
        }

        return [.. answers];
    }
}
