using System.Text.Json.Nodes;
using HunyuanOrleans.Bench.Checks;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Bench.Tests;

public sealed class DeviceCheckTests
{
    [Fact]
    public void Operations_on_rows_pass_on_the_interpreter()
    {
        using TempFolder folder = new();
        string path = folder.File("check.json");
        Assert.Equal(0, DeviceCheck.Run(["--interpreter", "--only", "rows", "--json", path]));
        JsonNode result = JsonNode.Parse(File.ReadAllText(path))!;
        Assert.Equal("PTX interpreter", result["device"]!["name"]!.GetValue<string>());
        Assert.Equal(0, result["failed"]!.GetValue<int>());
        JsonArray checks = result["checks"]!.AsArray();
        Assert.Equal(checks.Count, result["passed"]!.GetValue<int>());
        foreach (string operation in new[] { "norm", "bias", "gather", "embedding", "routing" })
        {
            Assert.Contains(checks, check => check!["name"]!.GetValue<string>().StartsWith(operation, StringComparison.Ordinal));
        }
    }
}
