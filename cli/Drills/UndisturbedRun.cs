using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>Computes the requests of a drill with an engine in this process. The cluster must give the same tokens.</summary>
internal static class UndisturbedRun
{
    /// <summary>Loads the model for all cores. An interactive terminal shows a progress bar. The caller disposes the model.</summary>
    /// <exception cref="ModelException">The model cannot be loaded.</exception>
    public static ModelRunner Load(DrillPlan plan, CancellationToken cancellationToken) =>
        ModelLoading.Load(plan.Folder, plan.Options with { Threads = 0 }, cancellationToken);

    /// <summary>Computes the tokens of each request.</summary>
    /// <exception cref="RequestException">The model cannot serve a request.</exception>
    /// <exception cref="ModelException">A request failed.</exception>
    public static async Task<int[][]> RunAsync(DrillPlan plan, ModelRunner model, ProgressReport progress, CancellationToken cancellationToken)
    {
        await using LocalExecutor executor = new(model);
        await using InferenceEngine engine = InferenceEngine.Start(executor, new EngineOptions { EosIds = plan.Config.EosTokenIds });
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
