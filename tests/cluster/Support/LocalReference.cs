using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine;
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
    public static async Task<int[][][]> RunAsync(TestModel model, IReadOnlyList<GenerationRequest> requests)
    {
        await using LocalExecutor executor = new(ModelRunner.Load(model.Directory, model.Options));
        await using InferenceEngine engine = InferenceEngine.Start(
            executor,
            new EngineOptions { EosIds = model.Config.EosTokenIds, Scheduler = new SchedulerOptions { Speculation = SpeculationOptions.Off } },
            Tokenizer.Exists(model.Directory) ? new TokenizerText(Tokenizer.Load(model.Directory)) : null);
        Generation[] running = [.. requests.Select(engine.Submit)];
        List<int[][]> answers = [];
        foreach (Generation generation in running)
        {
            ChoiceResult[] results = await generation.CompletionAsync();
            answers.Add([.. results.Select(static result => result.Ids.ToArray())]);
        }

        return [.. answers];
    }
}
