using System.Runtime.InteropServices;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Grains.Models;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>Not only tokens: every bit of the logits.</summary>
public sealed class LogitsTests
{
    public static TheoryData<string, int, ComputeMode, QuantFormat?> Cases()
    {
        TheoryData<string, int, ComputeMode, QuantFormat?> cases = [];
        foreach (string directory in Directory.GetDirectories(Path.Combine(TestPaths.Data, "models")).Order())
        {
            cases.Add(Path.GetFileName(directory), 3, ComputeMode.Bf16, null);
            cases.Add(Path.GetFileName(directory), 5, ComputeMode.F32, null);
        }

        foreach (QuantFormat quant in new[] { QuantFormat.Int8All, QuantFormat.Int4, QuantFormat.Fp8 })
        {
            cases.Add("tiny-cla", 2, ComputeMode.Bf16, quant);
            cases.Add("tiny-top8-nocla", 3, ComputeMode.Bf16, quant);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Logits_are_those_of_one_process(string model, int silos, ComputeMode mode, QuantFormat? quant)
    {
        string directory = Path.Combine(TestPaths.Data, "models", model);
        GenerationRequest request = Prompts.Of(1, ModelConfig.Load(directory).VocabSize, 12)[0] with { Sampling = SamplingParams.Greedy };
        IServiceProvider? services = null;
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(directory, silos, mode, quant: quant, more: (_, silo) =>
            silo.Services.AddSingleton<IHostedService>(s =>
            {
                services = s;
                return new Nothing();
            }));
        await using ModelRuntime runtime = await services!.GetRequiredService<ModelRuntimeFactory>().StartAsync(model);
        List<byte[]> logits = [];
        runtime.Executor.Logits = bytes =>
        {
            if (bytes.Length > 0)
            {
                logits.Add(bytes);
            }
        };
        ChoiceResult answer = await runtime.Engine.Submit(request).Choices[0].Completion;
        Assert.Null(answer.Error);
        Assert.True(runtime.Report("").Stages.Concat(runtime.Report("").Groups).Select(k => k[k.LastIndexOf('@')..]).Distinct().Count() > 1);
        Assert.Equal(Reference(directory, mode, quant, request.PromptIds.ToArray(), answer.Ids.ToArray()), logits);
    }

    private static List<byte[]> Reference(string directory, ComputeMode mode, QuantFormat? quant, int[] prompt, int[] answer)
    {
        using ModelRunner runner = ModelRunner.Load(directory, HunyuanCluster.Settings("local", directory, mode, quant: quant).Options);
        int[] blocks = [.. Enumerable.Range(0, (prompt.Length + answer.Length) / KvBlocks.Positions + 1)];
        List<byte[]> logits = [];
        int start = 0;
        int[] next = prompt;
        foreach (int token in answer)
        {
            AttentionBatch batch = runner.CreateBatch();
            batch.Add(new AttentionSlice(0, next.Length, start, blocks));
            Activation row = runner.Forward(next, batch, [next.Length - 1], 1);
            logits.Add(MemoryMarshal.AsBytes(row.Row(0)).ToArray());
            start += next.Length;
            next = [token];
        }

        return logits;
    }

    private sealed class Nothing : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
