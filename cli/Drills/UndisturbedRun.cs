using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Engine;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>The drill's requests on an engine in this process that nobody disturbs: what the cluster must agree with, token for token.</summary>
internal static class UndisturbedRun
{
    /// <summary>Loads the model, with a progress bar where a person watches. It is alone here: all cores are its own.</summary>
    /// <exception cref="ModelException">It cannot be loaded.</exception>
    public static ModelRunner Load(DrillPlan plan, CancellationToken cancellationToken) =>
        ModelLoading.Load(plan.Folder, plan.Options with { Threads = 0 }, cancellationToken);

    /// <summary>Computes the tokens of each request.</summary>
    /// <exception cref="ModelException">A request cannot be answered.</exception>
    public static async Task<int[][]> RunAsync(DrillPlan plan, ModelRunner model, ProgressReport progress, CancellationToken cancellationToken)
    {
        await using LocalExecutor executor = new(model);
        await using InferenceEngine engine = new(executor, new EngineOptions { EosIds = plan.Config.EosTokenIds });
        IReadOnlyList<GenerationRequest> requests = plan.Workload.Requests;
        Generation[] running = [.. requests.Select(request => engine.Submit(request with { Cancellation = cancellationToken }))];
        int[][] answers = new int[running.Length][];
        for (int i = 0; i < running.Length; i++)
        {
            ChoiceResult result = await running[i].Choices[0].Completion;
            cancellationToken.ThrowIfCancellationRequested();
            answers[i] = result.Finish == FinishReason.Length
                ? result.Ids.ToArray()
                : throw new ModelException($"The undisturbed run failed: {result.Error ?? result.Finish.ToString()}");
            progress(i + 1, running.Length);
        }

        return answers;
    }
}
