using System.Diagnostics;
using System.Text.Json.Nodes;
using HunyuanOrleans.Bench.Checks;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Bench.Tests;

public sealed class LogitsCheckTests
{
    private const string Ids = "1,17,300,45,9,211,500";

    private static readonly string Model = TestPaths.Model("tiny-cla");

    [Theory]
    [InlineData("f32", null, "--tolerance", "0.001")]
    [InlineData("bf16", null, "--divergence", "0.001")]
    [InlineData("bf16", "int4", "--divergence", "0.01")]
    public void It_writes_what_the_logits_command_writes(string mode, string? quant, string limit, string value)
    {
        using TempFolder folder = new();
        string[] quantized = quant is null ? [] : ["--quant", quant];
        string command = folder.File("command"), whole = folder.File("whole"), json = folder.File("result.json");
        Logits(["--model", Model, "--ids", Ids, "--mode", mode, "--all", "--out", command, .. quantized]);
        string[] options = ["--model", Model, "--ids", Ids, "--mode", mode, "--all", .. quantized];
        Assert.Equal(0, LogitsCheck.Run([.. options, "--interpreter", "--out", whole, "--expected", command, limit, value, "--json", json]));
        Assert.Equal(0, LogitsCheck.Run([.. options, "--cpu", "--expected", command, "--same-bits"]));
        Assert.Equal(0, LogitsCheck.Run([.. options, "--interpreter", "--chunk", "3", "--expected", whole, "--same-bits"]));
        JsonNode result = JsonNode.Parse(File.ReadAllText(json))!;
        Assert.Equal(Ids.Split(',').Length, result["rows"]!.GetValue<int>());
        Assert.Equal(new FileInfo(command).Length, new FileInfo(whole).Length);
    }

    [Fact]
    public void Logits_that_are_too_far_from_the_expected_ones_fail()
    {
        using TempFolder folder = new();
        string expected = folder.File("expected");
        string[] options = ["--model", Model, "--ids", Ids, "--cpu"];
        Assert.Equal(0, LogitsCheck.Run([.. options, "--mode", "f32", "--out", expected]));
        Assert.Equal(1, LogitsCheck.Run([.. options, "--mode", "bf16", "--expected", expected, "--same-bits"]));
        Assert.Equal(1, LogitsCheck.Run([.. options, "--mode", "bf16", "--expected", expected, "--tolerance", "1e-9"]));
    }

    [Theory]
    [InlineData("--same-bits, --tolerance and --divergence need --expected FILE.", "--cpu", "--same-bits")]
    [InlineData("--expected needs a limit: --same-bits, --tolerance VALUE or --divergence VALUE.", "--cpu", "--expected", "file")]
    [InlineData("--cpu and --interpreter exclude each other.", "--cpu", "--interpreter")]
    [InlineData("--interpreter and --device exclude each other.", "--interpreter", "--device", "0")]
    [InlineData("--chunk is 2.7; allowed: an integer of at least 1.", "--cpu", "--chunk", "2.7")]
    [InlineData("--chunk is 0; allowed: an integer of at least 1.", "--cpu", "--chunk", "0")]
    [InlineData("--mode is f16; allowed: f32 or bf16.", "--cpu", "--mode", "f16")]
    [InlineData("--ids is 512; allowed: 0 to 511.", "--cpu", "--ids", "512")]
    [InlineData("--ids is -1; allowed: 0 to 511.", "--cpu", "--ids", "-1")]
    public void Wrong_options_are_refused(string message, params string[] options) =>
        Assert.Equal(message, Assert.Throws<ArgumentException>(() => LogitsCheck.Run([.. options, "--model", Model])).Message);

    private static void Logits(string[] options)
    {
        string program = Path.Combine(TestPaths.Root, "cli", "bin", "Release", "net10.0", "hunyuan.dll");
        using Process process = Process.Start(new ProcessStartInfo(TestPaths.Dotnet, [program, "logits", .. options]) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, output);
    }
}
