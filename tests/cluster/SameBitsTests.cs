using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Loading;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>A cluster of any size gives the tokens that one process gives.</summary>
[Collection(nameof(SharedClusters))]
public sealed class SameBitsTests(SharedClusters clusters)
{
    private static readonly int[] ClusterSizes = [1, 2, 3, 5];

    internal static IEnumerable<TestModel> Models =>
    [
        .. TestModel.Folders().SelectMany(static folder => ClusterSizes.Select(silos => new TestModel(folder, ModeFor(silos)))).Distinct(),
        new TestModel("tiny-cla", ComputeMode.Bf16, KvFormat.Int8),
        new TestModel("tiny-top8-nocla", ComputeMode.Bf16, KvFormat.Fp8),
        new TestModel("tiny-cla", ComputeMode.F32, KvFormat.Fp8),
        new TestModel("tiny-dense", ComputeMode.F32, KvFormat.Int8),
    ];

    public static TheoryData<string, int> Cases()
    {
        TheoryData<string, int> cases = [];
        foreach (string folder in TestModel.Folders())
        {
            foreach (int silos in ClusterSizes)
            {
                cases.Add(folder, silos);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Cluster_equals_local(string folder, int silos) => AssertSameTokensAsync(new TestModel(folder, ModeFor(silos)), silos);

    [Theory]
    [InlineData("tiny-cla", ComputeMode.Bf16, KvFormat.Int8)]
    [InlineData("tiny-top8-nocla", ComputeMode.Bf16, KvFormat.Fp8)]
    [InlineData("tiny-cla", ComputeMode.F32, KvFormat.Fp8)]
    [InlineData("tiny-dense", ComputeMode.F32, KvFormat.Int8)]
    public Task Cluster_equals_local_with_8_bit_keys_and_values(string folder, ComputeMode mode, KvFormat kv) =>
        AssertSameTokensAsync(new TestModel(folder, mode, kv), silos: 3);

    private static ComputeMode ModeFor(int silos) => silos == 2 ? ComputeMode.Bf16 : ComputeMode.F32;

    private async Task AssertSameTokensAsync(TestModel model, int silos)
    {
        GenerationRequest[] requests = TestRequests.Create(6, model.VocabularySize);
        int[][][] expected = await LocalReference.RunAsync(model, requests);
        ModelClient client = await clusters.StartAsync(silos, model);
        Assert.Equal(expected, await client.GenerateAllAsync(requests));
    }
}
