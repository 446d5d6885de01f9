using System.Text.Json.Nodes;
using HunyuanOrleans.Bench.Checks;
using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Ptx.Driver;
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

    [Fact]
    public void Products_pass_on_the_interpreter()
    {
        using DevicePair devices = new(new CudaComputeDevice(new PtxDriver(new PtxDriverOptions())));
        CheckReport report = new();
        new ProductChecks(devices, CheckSizes.Small with { Outputs = 20, Tokens = [1, 9] }, report).Run();
        Assert.Equal(0, report.Failed);
        foreach (string type in new[] { "BF16", "F8E4M3", "I8", "I4", "F32" })
        {
            Assert.Contains(report.Results, result => result.Name == $"product {type}, 4 experts");
        }
    }
}
