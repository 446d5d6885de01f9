using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Quantization;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>A cluster gives the tokens of one process with quantised weights too, and all its silos hold the weights in one format.</summary>
[Collection(nameof(SharedClusters))]
public sealed class QuantizedTests(SharedClusters clusters)
{
    private const string Folder = "tiny-top8-nocla", HyV3 = "tiny-hy3-outer";

    internal static IEnumerable<TestModel> Models =>
        Formats.SelectMany(static quant => new[] { ModelWith(quant), ModelWith(quant, HyV3) });

    private static readonly QuantFormat[] Formats = [QuantFormat.Int8All, QuantFormat.Int4, QuantFormat.Fp8];

    [Theory]
    [InlineData(1, QuantFormat.Int8All)]
    [InlineData(2, QuantFormat.Int8All)]
    [InlineData(3, QuantFormat.Int8All)]
    [InlineData(1, QuantFormat.Int4)]
    [InlineData(2, QuantFormat.Int4)]
    [InlineData(3, QuantFormat.Int4)]
    [InlineData(1, QuantFormat.Fp8)]
    [InlineData(2, QuantFormat.Fp8)]
    [InlineData(3, QuantFormat.Fp8)]
    [InlineData(3, QuantFormat.Int8All, HyV3)]
    [InlineData(3, QuantFormat.Int4, HyV3)]
    [InlineData(3, QuantFormat.Fp8, HyV3)]
    public async Task Cluster_equals_local(int silos, QuantFormat quant, string folder = Folder)
    {
        TestModel model = ModelWith(quant, folder);
        GenerationRequest[] requests = TestRequests.Create(6, model.VocabularySize);
        int[][][] expected = await LocalReference.RunAsync(model, requests);
        ModelClient client = await clusters.StartAsync(silos, model);
        Assert.Equal(expected, await client.GenerateAllAsync(requests));
    }

    [Fact]
    public async Task Silos_with_weights_in_another_format_hold_no_part()
    {
        TestModel model = new(Folder, ComputeMode.Bf16);
        GenerationRequest[] requests = TestRequests.Create(3, model.VocabularySize);
        QuantFormat[] formats = [QuantFormat.Int8All, QuantFormat.Fp8, QuantFormat.Int8All];
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(formats.Length, model, (number, options) => options with
        {
            Models = [model.Settings with { Options = model.Options with { Quant = formats[number] } }],
        });
        int[][][] answers = await cluster.Model.GenerateAllAsync(requests);
        ModelReport report = await cluster.Model.ReportAsync();
        Dictionary<string, QuantFormat> formatOf = Enumerable.Range(0, formats.Length).ToDictionary(cluster.NameOf, number => formats[number]);
        QuantFormat used = formatOf[report.SchedulerSilo];
        Assert.All(report.Stages.Concat(report.Groups), key => Assert.Equal(used, formatOf[PinnedKey.Parse(key).Silo]));
        Assert.Equal(await LocalReference.RunAsync(ModelWith(used), requests), answers);
    }

    [Fact]
    public async Task A_model_in_a_gguf_file_is_divided_and_survives_a_kill()
    {
        TestModel model = new(TestModel.Gguf, ComputeMode.Bf16);
        GenerationRequest[] requests = TestRequests.Create(6, model.VocabularySize);
        int[][][] expected = await LocalReference.RunAsync(model, requests);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(3, model);
        Assert.Equal(expected, await cluster.Model.GenerateAllAsync(requests));
        ModelReport report = await cluster.Model.ReportAsync();
        await cluster.KillAsync(cluster.RunningSilos().First(silo => silo != report.SchedulerSilo));
        Assert.Equal(expected, await cluster.Model.GenerateAllAsync(requests));
    }

    private static TestModel ModelWith(QuantFormat quant, string folder = Folder) => new(folder, ComputeMode.Bf16, Quant: quant);
}
