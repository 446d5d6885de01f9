using HunyuanOrleans.Cli.Measuring;
using HunyuanOrleans.Cli.Output;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>What load computes from the times of its requests, and the table it prints.</summary>
public sealed class LoadTableTests
{
    private static readonly LoadPlan Plan = new(new Uri("http://x/"), "m", null, 4, 2, 2.5, 10, 3, IgnoreEos: true, Ids: false, Seed: 1, new GoodputLimits(150, 20, null));

    // Three answers of three tokens: 20, 10 and 30 ms per token after the first. The second request begins when the first ends.
    private static readonly LoadSample[] Samples =
    [
        new(null, 100, 140, [20, 20], 10, 3) { Started = 0 },
        new(null, 150, 170, [10, 10], 12, 3) { Started = 140 },
        new(null, 120, 180, [30, 30], 14, 3) { Started = 950 },
        new("HTTP 500", null, 5, [], 0, 0) { Started = 960 },
    ];

    [Fact]
    public void The_table_is_that_of_vllm_bench_serve()
    {
        using StringWriter output = new() { NewLine = "\n" };
        LoadTable.Write(LoadResult.Of(Plan, Samples, 2), output);
        Assert.Equal(
            """
            ============ Serving Benchmark Result ============
            Successful requests:                     3
            Failed requests:                         1
            Maximum request concurrency:             2
            Request rate configured (RPS):           2.50
            Benchmark duration (s):                  2.00
            Total input tokens:                      36
            Total generated tokens:                  9
            Request throughput (req/s):              1.50
            Request goodput (req/s):                 1.00
            Output token throughput (tok/s):         4.50
            Peak output token throughput (tok/s):    6.00
            Peak concurrent requests:                2.00
            Total token throughput (tok/s):          22.50
            ---------------Time to First Token----------------
            Mean TTFT (ms):                          123.33
            Median TTFT (ms):                        120.00
            P90 TTFT (ms):                           144.00
            P99 TTFT (ms):                           149.40
            -----Time per Output Token (excl. 1st token)------
            Mean TPOT (ms):                          20.00
            Median TPOT (ms):                        20.00
            P90 TPOT (ms):                           28.00
            P99 TPOT (ms):                           29.80
            ---------------Inter-token Latency----------------
            Mean ITL (ms):                           20.00
            Median ITL (ms):                         20.00
            P90 ITL (ms):                            30.00
            P99 ITL (ms):                            30.00
            ----------------End-to-end Latency----------------
            Mean E2EL (ms):                          163.33
            Median E2EL (ms):                        170.00
            P90 E2EL (ms):                           178.00
            P99 E2EL (ms):                           179.80
            ==================================================

            """.ReplaceLineEndings("\n"),
            output.ToString());
    }

    [Fact]
    public void Rows_without_a_value_are_left_out()
    {
        using StringWriter output = new();
        LoadTable.Write(LoadResult.Of(Plan with { Rate = null, Goodput = null }, Samples[3..], 1), output);
        Assert.DoesNotContain("configured", output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("goodput", output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("TTFT", output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "ttft:100")]
    [InlineData(false, "ttft:99.9")]
    [InlineData(true, "tpot:20")]
    [InlineData(false, "tpot:19")]
    [InlineData(true, "e2el:140")]
    [InlineData(false, "e2el:139")]
    [InlineData(false, "ttft:100", "e2el:139")]
    public void A_request_is_good_if_it_meets_all_limits(bool good, params string[] words) =>
        Assert.Equal(good, GoodputLimits.Parse(words)!.AreMetBy(Samples[0]));

    [Fact]
    public void A_failed_request_is_never_good() => Assert.False(GoodputLimits.Parse(["e2el:1000"])!.AreMetBy(Samples[3]));

    [Theory]
    [InlineData("ttft")]
    [InlineData("itl:5")]
    [InlineData("ttft:0,5")]
    [InlineData("ttft:0")]
    [InlineData("ttft:-1")]
    [InlineData("ttft:5", "ttft:6")]
    public void Other_limits_are_refused(params string[] words) =>
        CliProcess.Run(["load", "--goodput", .. words]).FailedWith(2, "--goodput", "ttft:MS", $"'{string.Join(' ', words)}'");
}
