using System.Text.Json.Nodes;
using HunyuanOrleans.Bench.Counts;
using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Bench.Tests;

public sealed class ProductCountsTests
{
    [Fact]
    public void Counts_are_those_of_the_shape()
    {
        using TempFolder folder = new();
        string path = folder.File("counts.json");
        Assert.Equal(0, ProductCounts.Run(["--outputs", "128", "--columns", "256", "--model", TestPaths.DemoModel, "--json", path]));
        JsonArray counts = JsonNode.Parse(File.ReadAllText(path))!["counts"]!.AsArray();
        Assert.Equal(12, counts.Count);
        foreach (JsonObject count in counts.Select(static node => node!.AsObject()))
        {
            (int tokens, int blocks) = count["shape"]!.GetValue<string>() switch { "Decode" => (8, 8), "Batch" => (64, 2), _ => (256, 1) };
            long weightBytes = count["weights"]!.GetValue<string>() switch
            {
                "BF16" => 128 * 256 * 2,
                "I4" => (128 * 256 / 2) + (128 * 256 / 32 * 2),
                _ => (128 * 256) + (128 * 4),
            };
            // 16 rows, 16 columns and 8 tokens in each product.
            Assert.Equal(8 * 16 * tokens / 8, count["tensor_products"]!.GetValue<long>());
            Assert.Equal(blocks, count["blocks"]!.GetValue<long>());
            Assert.Equal(weightBytes, count["weight_bytes"]!.GetValue<long>());
            Assert.InRange(count["bytes_read"]!.GetValue<long>(), weightBytes, long.MaxValue);
            Assert.InRange(count["registers"]!.GetValue<int>(), 16, 255);
            Assert.InRange(count["instructions"]!.GetValue<long>(), 1, long.MaxValue);
            Assert.InRange(count["shared_traffic"]!.GetValue<long>(), weightBytes, long.MaxValue);
        }
    }

    [Fact]
    public void A_layer_takes_as_long_as_the_slowest_of_reading_multiplying_and_instructions()
    {
        using TempFolder folder = new();
        File.Copy(Path.Combine(TestPaths.Data, "configs", "hunyuan-large.json"), folder.File("config.json"));
        ModelConfig config = ModelConfig.Load(folder.Root);
        ProductCount[] counts =
        [
            new(ElementType.BF16, ProductShape.Decode, 100, 100, 1, 0, 0, 0, 1000, 20_000, 0, 0, 0),
            new(ElementType.BF16, ProductShape.Batch, 100, 100, 64, 0, 0, 0, 4000, 20_000, 0, 0, 0),
            new(ElementType.BF16, ProductShape.Prefill, 100, 100, 256, 0, 0, 0, 9000, 20_000, 0, 0, 0),
        ];
        LayerPrediction prediction = new(config, counts);
        double attention = 6400 * ((2.0 * 6400) + (2 * 640)), expert = 3 * 6400.0 * 18304;
        GpuSheet slowMemory = new("", 1, 1, 1e30, 1e30), slowMath = new("", 1e30, 1, 1e30, 1), slowIssue = new("", 1e30, 1, 1, 1e30);
        Assert.Equal(2 * (attention + (2 * expert)), prediction.Seconds(slowMemory, ElementType.BF16, 1, countInstructions: true), 1e-3);
        Assert.Equal(2 * 4 * (attention + (2 * expert)) / 0.6, prediction.Seconds(slowMath, ElementType.BF16, 4, countInstructions: true), 1e-1);
        Assert.Equal(1000.0 / 10_000 * (attention + (2 * expert)) / 4, prediction.Seconds(slowIssue, ElementType.BF16, 1, countInstructions: true), 1e-3);
        Assert.Equal(0, prediction.Seconds(slowIssue, ElementType.BF16, 1, countInstructions: false), 1e-3);

        // With eight of sixteen experts for each token, one token reads eight.
        File.WriteAllText(folder.File("config.json"), File.ReadAllText(folder.File("config.json")).Replace("\"moe_topk\": 1", "\"moe_topk\": 8", StringComparison.Ordinal));
        ModelConfig eight = ModelConfig.Load(folder.Root);
        Assert.Equal(8, eight.TopK(0));
        Assert.Equal(2 * (attention + (9 * expert)), new LayerPrediction(eight, counts).Seconds(slowMemory, ElementType.BF16, 1, countInstructions: true), 1e-3);

        // With 2,048 tokens every expert has 128.
        Assert.Equal(9000.0 / 10_000 * ((8 * (attention + expert)) + (16 * expert)) / 4, prediction.Seconds(slowIssue, ElementType.BF16, 2048, countInstructions: true), 1e-1);
    }
}
