using System.Runtime.InteropServices;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Grains.Models;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Quantization;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>A cluster gives not only the tokens of one process, but every bit of the logits.</summary>
[Collection(nameof(SharedClusters))]
public sealed class LogitsTests(SharedClusters clusters)
{
    internal static IEnumerable<TestModel> Models => CasesOfModels().Select(static c => c.Model).Distinct();

    public static TheoryData<string, int, ComputeMode, QuantFormat?> Cases()
    {
        TheoryData<string, int, ComputeMode, QuantFormat?> cases = [];
        foreach ((TestModel model, int silos) in CasesOfModels())
        {
            cases.Add(model.Folder, silos, model.Mode, model.Quant);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Logits_are_those_of_one_process(string folder, int silos, ComputeMode mode, QuantFormat? quant)
    {
        TestModel model = ModelOf(folder, mode, quant);
        GenerationRequest request = TestRequests.Create(1, model.VocabularySize, 12)[0] with { Sampling = SamplingParams.Greedy };
        HunyuanCluster cluster = await clusters.StartAsync(silos);

        // The test runs a scheduler of its own, without the model's grain, because only a scheduler sees logits.
        IServiceProvider services = cluster.Silos.ServicesOf(cluster.Silos.Silos[^1]);
        await using ModelRuntime runtime = await services.GetRequiredService<ModelRuntimeFactory>().StartAsync(model.Name);
        List<byte[]> logits = [];
        // A step gives a row for each of its tokens, those that were guessed included.
        runtime.Executor.Logits = bytes => logits.AddRange(bytes.Chunk(model.VocabularySize * sizeof(float)));
        ChoiceResult answer = await runtime.Engine.Submit(request).Choices[0].Completion;
        Assert.Null(answer.Error);
        ModelReport report = runtime.Report("");
        Assert.True(report.Stages.Concat(report.Groups).Select(static key => PinnedKey.Parse(key).Silo).Distinct().Count() > 1);
        Assert.Equal(ComputeLocally(model, request.PromptIds.ToArray(), answer.Ids.ToArray()), logits);
    }

    private static IEnumerable<(TestModel Model, int Silos)> CasesOfModels()
    {
        foreach (string folder in TestModel.Folders())
        {
            yield return (ModelOf(folder, ComputeMode.Bf16, null), 3);
            yield return (ModelOf(folder, ComputeMode.F32, null), 5);
        }

        foreach (QuantFormat quant in new[] { QuantFormat.Int8All, QuantFormat.Int4, QuantFormat.Fp8 })
        {
            yield return (ModelOf("tiny-cla", ComputeMode.Bf16, quant), 2);
            yield return (ModelOf("tiny-top8-nocla", ComputeMode.Bf16, quant), 3);
        }
    }

    private static TestModel ModelOf(string folder, ComputeMode mode, QuantFormat? quant) => new(folder, mode, Quant: quant, Purpose: "logits");

    // The logits before each token of the answer.
    private static List<byte[]> ComputeLocally(TestModel model, int[] prompt, int[] answer)
    {
        using ModelRunner runner = ModelRunner.Load(model.Directory, model.Options);
        int[] blocks = [.. Enumerable.Range(0, (prompt.Length + answer.Length) / KvBlocks.Positions + 1)];
        List<byte[]> logits = [];
        int start = 0;
        int[] next = prompt;
        foreach (int token in answer)
        {
            AttentionBatch batch = runner.CreateBatch();
            batch.Add(new AttentionSlice(0, next.Length, start, blocks));
            StepLogits row = runner.Forward(next, batch, [next.Length - 1], 1);
            logits.Add(MemoryMarshal.AsBytes(row.Row(0)).ToArray());
            start += next.Length;
            next = [token];
        }

        return logits;
    }
}
