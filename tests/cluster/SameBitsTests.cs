using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>A cluster of any size gives the tokens that one process gives.</summary>
public sealed class SameBitsTests
{
    public static TheoryData<string, int, ComputeMode> Cases()
    {
        TheoryData<string, int, ComputeMode> cases = [];
        foreach (string directory in Directory.GetDirectories(Path.Combine(TestPaths.Data, "models")).Order())
        {
            foreach (int silos in new[] { 1, 2, 3, 5 })
            {
                cases.Add(Path.GetFileName(directory), silos, silos == 2 ? ComputeMode.Bf16 : ComputeMode.F32);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Cluster_equals_local(string model, int silos, ComputeMode mode)
    {
        string directory = Path.Combine(TestPaths.Data, "models", model);
        GenerationRequest[] requests = Prompts.Of(6, ModelConfig.Load(directory).VocabSize);
        int[][][] expected = await Undisturbed.RunAsync(directory, mode, requests);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(directory, silos, mode);
        int[][][] answers = await Task.WhenAll(requests.Select(r => cluster.GenerateAsync(r)));
        Assert.Equal(expected, answers);
    }

    [Theory]
    [InlineData("tiny-cla", ComputeMode.Bf16, KvFormat.Int8)]
    [InlineData("tiny-top8-nocla", ComputeMode.Bf16, KvFormat.Fp8)]
    [InlineData("tiny-cla", ComputeMode.F32, KvFormat.Fp8)]
    [InlineData("tiny-dense", ComputeMode.F32, KvFormat.Int8)]
    public async Task Cluster_equals_local_with_keys_and_values_in_8_bits(string model, ComputeMode mode, KvFormat kv)
    {
        string directory = Path.Combine(TestPaths.Data, "models", model);
        GenerationRequest[] requests = Prompts.Of(6, ModelConfig.Load(directory).VocabSize);
        int[][][] expected = await Undisturbed.RunAsync(directory, mode, requests, kv);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(directory, 3, mode, kv: kv);
        Assert.Equal(expected, await Task.WhenAll(requests.Select(r => cluster.GenerateAsync(r))));
    }
}
