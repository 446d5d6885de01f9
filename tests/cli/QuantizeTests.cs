using System.Diagnostics;
using System.Text.Json;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The verb quantize and the option --quant.</summary>
public sealed class QuantizeTests
{
    [Theory]
    [InlineData("int8")]
    [InlineData("int4-all")]
    [InlineData("fp8")]
    public void A_quantised_copy_gives_the_same_bits_as_quantising_at_load(string format)
    {
        using TempFolder temp = new();
        JsonElement json = CliProcess.Run("quantize", "--to", format, TestPaths.DemoModel, temp.File("out"), "--json").Json();
        Assert.Equal(format, json.GetProperty("to").GetString());
        Assert.True(json.GetProperty("bytes").GetInt64() < 0.7 * json.GetProperty("source_bytes").GetInt64());
        string[] ask = ["--ids", "5,80,900,31,7", "--all"];
        CliProcess.Run(["logits", "--model", TestPaths.DemoModel, .. ask, "--quant", format, "--out", temp.File("a")]).Json();
        CliProcess.Run(["logits", "--model", temp.File("out"), .. ask, "--out", temp.File("b")]).Json();
        Assert.Equal(File.ReadAllBytes(temp.File("a")), File.ReadAllBytes(temp.File("b")));

        JsonElement written = CliProcess.Run("inspect", temp.File("out"), "--json").Json();
        JsonElement original = CliProcess.Run("inspect", TestPaths.DemoModel, "--quant", format, "--json").Json();
        Assert.Equal($"bf16-{format}", written.GetProperty("packed").GetProperty("types").GetString());
        Assert.Equal(original.GetProperty("packed").GetProperty("bytes").GetInt64(), written.GetProperty("packed").GetProperty("bytes").GetInt64());
        Assert.Equal("compressed-tensors", written.GetProperty("config").GetProperty("quantization").GetString());
        Assert.Contains($"bf16-{format}", CliProcess.Run("plan", "--model", temp.File("out")).Output, StringComparison.Ordinal);

        string chat = CliProcess.Run("generate", "--model", temp.File("out"), "--prompt", "法国的首都是哪里？").Output;
        Assert.NotEqual("", chat.Trim());
        Assert.Equal(CliProcess.Run("generate", "--quant", format, "--prompt", "法国的首都是哪里？").Output, chat);
    }

    [Fact]
    public void Errors_name_what_is_wrong()
    {
        using TempFolder temp = new();
        CliProcess.Run("quantize", TestPaths.DemoModel, temp.File("out")).FailedWith(2, "--to", "required");
        CliProcess.Run("quantize", "--to", "int3", TestPaths.DemoModel, temp.File("out")).FailedWith(2, "--to", "'int3'", "int4-all");
        CliProcess.Run("quantize", "--to", "none", TestPaths.DemoModel, temp.File("out")).FailedWith(2, "--to", "'none'");
        CliProcess.Run("quantize", "--to", "int8", "/does/not/exist", temp.File("out")).FailedWith(1, "/does/not/exist");
        CliProcess.Run("quantize", "--to", "int8", TestPaths.DemoModel, TestPaths.DemoModel).FailedWith(1, "not empty", "an empty or a new folder");
        CliProcess.Run("generate", "hello", "--quant", "q4").FailedWith(2, "--quant", "'q4'", "int8-all");
        Assert.Equal(0, CliProcess.Run("quantize", "--to", "int8", TestPaths.DemoModel, temp.File("out")).Code);
        CliProcess.Run("quantize", "--to", "int8", temp.File("out"), temp.File("again")).FailedWith(1, "quantised already");
        CliProcess.Run("generate", "hello", "--model", temp.File("out"), "--quant", "fp8").FailedWith(1, "cannot be loaded as fp8", "int8");
        CliProcess.Run("generate", "hello", "--model", temp.File("out"), "--quant", "none").FailedWith(1, "cannot be loaded as none", "int8");
    }

    [SkippableFact]
    public async Task Interrupted_and_killed_runs_leave_nothing_that_loads()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Signals are sent by a shell.");
        using TempFolder temp = new();
        string model = temp.File("model"), target = temp.File("out");
        Assert.Equal(0, CliProcess.Run("make-model", "--like", "large", "--scale", "0.09", "--out", model).Code);
        foreach (bool kill in new[] { false, true })
        {
            await Wait.UntilAsync(async () =>
            {
                int code = await QuantizeAndStopAsync(model, target, kill);

                // A kill may arrive between the last step of a run and its exit. An interrupted run ends with an error only if it left no copy.
                if (code != 0 && !(kill && Directory.Exists(target)))
                {
                    return true;
                }

                // The run ended before the signal arrived: its copy must be complete, and the next run is stopped instead.
                AssertLoads(target);
                Directory.Delete(target, recursive: true);
                return false;
            }, "a run is stopped before its end");
            Assert.False(Directory.Exists(target));
            Assert.Equal(kill, Directory.Exists(target + ".partial"));
        }

        Assert.Equal(0, CliProcess.Run("quantize", "--to", "int4", model, target).Code);
        Assert.False(Directory.Exists(target + ".partial"));
        AssertLoads(target);
    }

    /// <summary>Starts quantize, stops it after it has started to write, and returns its exit code.</summary>
    private static async Task<int> QuantizeAndStopAsync(string model, string target, bool kill)
    {
        using Process process = CliProcess.Start(["quantize", "--to", "int4", model, target], null);
        while (!process.HasExited && !Directory.Exists(target + ".partial"))
        {
            await Task.Delay(1);
        }

        if (kill)
        {
            process.Kill();
        }
        else
        {
            CliProcess.Interrupt(process);
        }

        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    private static void AssertLoads(string folder) =>
        Assert.Equal(JsonValueKind.Null, CliProcess.Run("inspect", folder, "--json").Json().GetProperty("problem").ValueKind);
}
