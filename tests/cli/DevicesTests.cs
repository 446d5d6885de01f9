using System.Text.Json;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The verb devices.</summary>
public sealed class DevicesTests
{
    [Fact]
    public void The_processor_is_listed_on_every_machine()
    {
        JsonElement json = CliProcess.Run("devices", "--json").Json();
        JsonElement cpu = json.GetProperty("cpu");
        Assert.Equal("cpu", cpu.GetProperty("device").GetString());
        Assert.NotEqual("", cpu.GetProperty("name").GetString());
        Assert.InRange(cpu.GetProperty("cores").GetInt32(), 1, Environment.ProcessorCount);
        Assert.Contains(cpu.GetProperty("instruction_set").GetString(), new[] { "portable", "avx2", "avx512", "avx512bf16" });
        Assert.InRange(cpu.GetProperty("memory_bytes").GetInt64(), 1, long.MaxValue);
        Assert.True(json.GetProperty("cuda").GetArrayLength() > 0 || json.GetProperty("cuda_problem").GetString()!.Contains("NVIDIA", StringComparison.Ordinal));
    }

    [SkippableFact]
    public void The_processor_has_the_name_that_the_system_shows()
    {
        const string Mark = "model name";
        string? line = File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(static line => line.StartsWith(Mark, StringComparison.Ordinal)) : null;
        Skip.If(line is null, "The system does not show it.");
        string name = CliProcess.Run("devices", "--json").Json().GetProperty("cpu").GetProperty("name").GetString()!;
        Assert.Equal(line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim(), name);
    }

    [SkippableFact]
    public void Each_gpu_is_listed_with_its_memory()
    {
        JsonElement json = Run(["--json"]).Json();
        JsonElement[] gpus = [.. json.GetProperty("cuda").EnumerateArray()];
        Assert.Equal(
            """{"device":"cuda:1","name":"Fake GPU 1","memory_bytes":1073741824,"free_bytes":1073741824,"multiprocessors":132,"compute_capability":"9.0","cuda_version":"12.4","problem":null}""",
            gpus[1].GetRawText());
        Assert.Equal(2, gpus.Length);
        Assert.Equal(JsonValueKind.Null, json.GetProperty("cuda_problem").ValueKind);

        string[] lines = Lines(Run([]));
        Assert.Equal(4, lines.Length);
        Assert.StartsWith("device  name", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("cpu     ", lines[1], StringComparison.Ordinal);
        Assert.Matches("^cuda:0  Fake GPU 0 +132 multiprocessors, compute capability 9.0, CUDA 12.4 +1.07 GB  1.07 GB +yes$", lines[2]);
    }

    [SkippableFact]
    public void A_gpu_that_cannot_be_used_has_its_reason()
    {
        JsonElement gpu = Run(["--json"], "-DCAPABILITY=75").Json().GetProperty("cuda")[0];
        Assert.Contains("compute capability 7.5", gpu.GetProperty("problem").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, gpu.GetProperty("free_bytes").ValueKind);

        string[] lines = Lines(Run([], "-DCAPABILITY=75"));
        Assert.Matches("1.07 GB +- +no$", lines[2]);
        Assert.Equal("cuda:0 (Fake GPU 0) has compute capability 7.5, and 8.0 or newer is needed.", lines[4]);
    }

    [SkippableTheory]
    [InlineData("-DDEVICES=0", "The NVIDIA driver finds no GPU.")]
    [InlineData("-DDRIVER=11040", "The NVIDIA driver is too old: it supports CUDA 11.4, and 12.0 or newer is needed.")]
    public void A_machine_without_gpus_has_one_line_that_says_why(string option, string reason)
    {
        Assert.Equal(reason, Lines(Run([], option))[2]);
        JsonElement json = Run(["--json"], option).Json();
        Assert.Equal(reason, json.GetProperty("cuda_problem").GetString());
        Assert.Equal(0, json.GetProperty("cuda").GetArrayLength());
    }

    private static string[] Lines(CliResult result)
    {
        Assert.Equal(0, result.Code);
        Assert.Equal("", result.Error);
        return result.Output.TrimEnd('\n').Split('\n');
    }

    private static CliResult Run(string[] args, params string[] options)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "The fake driver is found through LD_LIBRARY_PATH.");
        using FakeCuda? cuda = FakeCuda.Create(options);
        Skip.If(cuda is null, FakeCuda.NotBuilt);
        return CliProcess.Run(["devices", .. args], "", new Dictionary<string, string> { ["LD_LIBRARY_PATH"] = cuda.Folder });
    }
}
