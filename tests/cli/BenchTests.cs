using System.Text.Json;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The verb bench: its figures are consistent with each other.</summary>
public sealed class BenchTests
{
    [Fact]
    public void Figures_are_consistent()
    {
        JsonElement json = CliProcess.Run("bench", "--prompt", "400", "--gen", "3", "--batch", "1,3", "--repeat", "1", "--threads", "2", "--json").Json();
        JsonElement prefill = json.GetProperty("prefill");
        Assert.Equal(400 / prefill.GetProperty("first_token_ms").GetDouble() * 1000, prefill.GetProperty("tokens_per_second").GetDouble(), 3);
        Assert.True(prefill.GetProperty("fraction_of_peak").GetDouble() > 0);
        JsonElement[] decode = [.. json.GetProperty("decode").EnumerateArray()];
        Assert.Equal([1, 3], decode.Select(d => d.GetProperty("batch").GetInt32()));
        foreach (JsonElement run in decode)
        {
            double perSecond = run.GetProperty("bytes_per_second").GetDouble();
            Assert.Equal(1, perSecond / (run.GetProperty("bytes_per_token").GetDouble() * run.GetProperty("tokens_per_second").GetDouble()), 6);
            Assert.Equal(perSecond / run.GetProperty("read_bytes_per_second").GetDouble(), run.GetProperty("fraction_of_read").GetDouble(), 6);
        }

        // A single token reads the experts that it is routed to. Three tokens share everything except their experts.
        double active = json.GetProperty("parameters").GetProperty("active").GetInt64() * 2.0;
        double alone = decode[0].GetProperty("bytes_per_token").GetDouble();
        double together = decode[1].GetProperty("bytes_per_token").GetDouble();
        // The bytes include the K/V cache of 400 positions.
        Assert.InRange(alone, 0.9 * active, 1.4 * active);
        Assert.InRange(together, alone / 3, 0.95 * alone);
    }

    [Fact]
    public void Guesses_of_the_MTP_layer_are_compared_with_none()
    {
        string[] shape = ["--layers", "2", "--hidden", "64", "--heads", "4", "--kv-heads", "2", "--head-dim", "16", "--intermediate", "64", "--experts", "8", "--top-k", "2", "--vocab", "256"];
        using TempFolder temp = new();
        Assert.Equal(0, CliProcess.Run(["make-model", "--like", "mt2-30b", .. shape, "--mtp-layers", "1", "--out", temp.File("m")]).Code);
        string[] bench = ["bench", "--model", temp.File("m"), "--prompt", "8", "--gen", "12", "--batch", "2", "--repeat", "1", "--mtp-tokens"];
        JsonElement json = CliProcess.Run([.. bench, "2", "--json"]).Json();
        Assert.Equal(JsonValueKind.Null, json.GetProperty("text").ValueKind);
        JsonElement run = Assert.Single(json.GetProperty("runs").EnumerateArray());
        Assert.True(run.GetProperty("drafted_tokens").GetInt64() > run.GetProperty("accepted_draft_tokens").GetInt64());
        Assert.Contains("random prompts", CliProcess.Run([.. bench, "1"]).Output, StringComparison.Ordinal);
        CliProcess.Run([.. bench, "2", "--silos", "0,1"]).FailedWith(2, "--mtp-tokens", "--silos");
        CliProcess.Run([.. bench, "2", "--speculate", "x"]).FailedWith(2, "--mtp-tokens", "--speculate");
    }

    [Fact]
    public void The_table_has_no_escape_codes()
    {
        CliResult result = CliProcess.Run(
            "bench", "--model", Path.Combine(TestPaths.Data, "models", "tiny-dense"), "--prompt", "8", "--gen", "4", "--batch", "2", "--repeat", "1");
        Assert.Equal(0, result.Code);
        Assert.Contains("first token", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', result.Output + result.Error);
    }
}
