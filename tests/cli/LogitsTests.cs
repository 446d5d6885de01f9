using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text.Json;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The verb logits.</summary>
public sealed class LogitsTests
{
    // The tolerance that the recorded numbers are given with.
    private const float Tolerance = 2e-4f;

    public static IEnumerable<object[]> Models => GoldenCase.Names.Select(name => new object[] { name });

    [Theory]
    [MemberData(nameof(Models))]
    public void Logits_of_all_positions_match_the_publishers_code(string model)
    {
        GoldenPrompt golden = GoldenCase.Load(model).PromptOfLength(33);
        using TempFolder temp = new();
        JsonElement json = CliProcess.Run("logits", "--model", golden.ModelFolder, "--ids", golden.IdList, "--mode", "f32", "--all", "--out", temp.File("l")).Json();
        Assert.Equal(33, json.GetProperty("positions").GetInt32());
        Assert.Equal(golden.Vocabulary, json.GetProperty("vocab").GetInt32());
        float[] logits = Read(temp.File("l"));
        Assert.Equal(golden.Logits.Length, logits.Length);
        Assert.InRange(logits.Zip(golden.Logits, (a, b) => MathF.Abs(a - b)).Max(), 0, Tolerance);
    }

    [Fact]
    public void Chunks_and_threads_do_not_change_a_bit()
    {
        GoldenPrompt golden = GoldenCase.Load("tiny-share4").PromptOfLength(33);
        using TempFolder temp = new();
        string[] basis = ["logits", "--model", golden.ModelFolder, "--ids", golden.IdList, "--all"];
        CliProcess.Run([.. basis, "--out", temp.File("whole")]).Json();
        byte[] whole = File.ReadAllBytes(temp.File("whole"));
        foreach (string[] variation in new[] { new[] { "--chunk", "1" }, ["--chunk", "3", "--threads", "1"], ["--chunk", "64", "--threads", "2"] })
        {
            CliProcess.Run([.. basis, .. variation, "--out", temp.File("part")]).Json();
            Assert.Equal(whole, File.ReadAllBytes(temp.File("part")));
        }
    }

    [Theory]
    [InlineData("none", "bf16")]
    [InlineData("int8-all", "int8")]
    [InlineData("int4-all", "fp8")]
    [InlineData("fp8", "int8")]
    public void A_processor_without_vectors_of_512_bits_computes_the_same_bits(string quant, string kv)
    {
        using TempFolder temp = new();
        string ids = string.Join(',', Enumerable.Range(0, 300).Select(i => i * 37 % 4600));
        string[] basis = ["logits", "--ids", ids, "--all", "--quant", quant, "--kv", kv, "--out"];
        string set = Avx2.IsSupported && Fma.IsSupported ? "avx2" : "portable";
        CliProcess.Run([.. basis, temp.File("wide")], "", new Dictionary<string, string> { ["HUNYUAN_ISA"] = set }).Json();
        CliProcess.Run([.. basis, temp.File("narrow")], "", new Dictionary<string, string> { ["HUNYUAN_ISA"] = set, ["DOTNET_EnableAVX512"] = "0" }).Json();
        Assert.Equal(File.ReadAllBytes(temp.File("wide")), File.ReadAllBytes(temp.File("narrow")));
    }

    [Fact]
    public void The_last_position_alone_is_the_last_row_and_top_is_its_largest()
    {
        GoldenPrompt golden = GoldenCase.Load("tiny-cla").PromptOfLength(33);
        using TempFolder temp = new();
        JsonElement json = CliProcess.Run("logits", "--model", golden.ModelFolder, "--ids", golden.IdList, "--mode", "f32", "--out", temp.File("l")).Json();
        Assert.Equal(["positions", "vocab", "top"], json.EnumerateObject().Select(p => p.Name));
        Assert.Equal(1, json.GetProperty("positions").GetInt32());
        float[] logits = Read(temp.File("l"));
        Assert.Equal(golden.Vocabulary, logits.Length);
        Assert.InRange(logits.Zip(golden.Logits[^golden.Vocabulary..], (a, b) => MathF.Abs(a - b)).Max(), 0, Tolerance);

        int[] largest = [.. Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).Take(5)];
        JsonElement[] top = [.. json.GetProperty("top").EnumerateArray()];
        Assert.Equal(largest, top.Select(pair => pair[0].GetInt32()));
        Assert.Equal(largest.Select(i => logits[i]), top.Select(pair => pair[1].GetSingle()));
        Assert.Equal(golden.GreedyIds[0], largest[0]);
    }

    [Fact]
    public void Without_a_file_only_the_summary_is_printed()
    {
        CliResult result = CliProcess.Run("logits", "--ids", "4338,1701,32");
        Assert.Equal(4608, result.Json().GetProperty("vocab").GetInt32());
        Assert.Single(result.Output.TrimEnd('\n').Split('\n'));
    }

    private static float[] Read(string path) => MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path)).ToArray();
}
