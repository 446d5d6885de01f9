using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>Quantised models on silos: the tokens of one process, and one form for all.</summary>
public sealed class QuantizedTests
{
    private static readonly string Model = Path.Combine(TestPaths.Data, "models", "tiny-top8-nocla");

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
    public async Task Cluster_equals_local(int silos, QuantFormat quant)
    {
        GenerationRequest[] requests = Prompts.Of(6, ModelConfig.Load(Model).VocabSize);
        int[][][] expected = await Undisturbed.RunAsync(Model, ComputeMode.Bf16, requests, quant: quant);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(Model, silos, ComputeMode.Bf16, quant: quant);
        int[][][] answers = await Task.WhenAll(requests.Select(r => cluster.GenerateAsync(r)));
        Assert.Equal(expected, answers);
    }

    [Fact]
    public async Task Silos_of_another_form_take_no_part()
    {
        GenerationRequest[] requests = Prompts.Of(3, ModelConfig.Load(Model).VocabSize);
        QuantFormat[] forms = [QuantFormat.Int8All, QuantFormat.Fp8, QuantFormat.Int8All];
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(Model, forms.Length, ComputeMode.Bf16, change: (number, options) => options with
        {
            Models = [.. options.Models.Select(m => m with { Options = m.Options with { Quant = forms[number] } })],
        });
        int[][][] answers = await Task.WhenAll(requests.Select(r => cluster.GenerateAsync(r)));
        ModelReport report = await cluster.Model.ReportAsync();
        Dictionary<string, QuantFormat> named = Enumerable.Range(0, forms.Length).ToDictionary(cluster.NameOf, i => forms[i]);
        QuantFormat used = named[report.SchedulerSilo];
        Assert.All(report.Stages.Concat(report.Groups), key => Assert.Equal(used, named[PinnedKey.Parse(key).Silo]));
        Assert.Equal(await Undisturbed.RunAsync(Model, ComputeMode.Bf16, requests, quant: used), answers);
    }
}
