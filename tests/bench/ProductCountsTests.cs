using System.Text.Json.Nodes;
using HunyuanOrleans.Bench.Counts;
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
        Assert.Equal(0, ProductCounts.Run(["--outputs", "128", "--columns", "256", "--json", path]));
        JsonArray counts = JsonNode.Parse(File.ReadAllText(path))!["counts"]!.AsArray();
        Assert.Equal(8, counts.Count);
        foreach (JsonObject count in counts.Select(static node => node!.AsObject()))
        {
            bool isDecode = count["shape"]!.GetValue<string>() == "Decode";
            long weightBytes = count["weights"]!.GetValue<string>() switch
            {
                "BF16" => 128 * 256 * 2,
                "I4" => (128 * 256 / 2) + (128 * 256 / 32 * 2),
                _ => (128 * 256) + (128 * 4),
            };
            // 16 rows, 16 columns and 8 tokens in each product.
            Assert.Equal(8 * 16 * (isDecode ? 1 : 32), count["tensor_products"]!.GetValue<long>());
            Assert.Equal(isDecode ? 8 : 1, count["blocks"]!.GetValue<long>());
            Assert.Equal(weightBytes, count["weight_bytes"]!.GetValue<long>());
            Assert.InRange(count["bytes_read"]!.GetValue<long>(), weightBytes, long.MaxValue);
            Assert.InRange(count["registers"]!.GetValue<int>(), 16, 255);
            Assert.InRange(count["instructions"]!.GetValue<long>(), 1, long.MaxValue);
            Assert.InRange(count["shared_traffic"]!.GetValue<long>(), weightBytes, long.MaxValue);
        }
    }
}
