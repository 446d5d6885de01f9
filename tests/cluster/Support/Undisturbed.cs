using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Cluster.Tests.Support;

/// <summary>The same model in this process: what the cluster must agree with, token for token.</summary>
internal static class Undisturbed
{
    public static async Task<int[][][]> RunAsync(
        string directory, ComputeMode mode, IReadOnlyList<GenerationRequest> requests, KvFormat? kv = null, QuantFormat? quant = null)
    {
        ModelSettings settings = HunyuanCluster.Settings("local", directory, mode, kv, quant);
        await using LocalExecutor executor = new(ModelRunner.Load(directory, settings.Options));
        await using InferenceEngine engine = new(executor, new EngineOptions { EosIds = Model.Configuration.ModelConfig.Load(directory).EosTokenIds });
        Generation[] running = [.. requests.Select(engine.Submit)];
        List<int[][]> answers = [];
        foreach (Generation generation in running)
        {
            ChoiceResult[] results = await generation.CompletionAsync();
            answers.Add([.. results.Select(r => r.Ids.ToArray())]);
        }

        return [.. answers];
    }
}
