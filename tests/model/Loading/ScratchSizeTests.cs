using System.Text.Json;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Loading;

/// <summary>The memory for steps that settings ask for.</summary>
public sealed class ScratchSizeTests
{
    private static readonly ModelConfig Large =
        ModelConfig.Parse(JsonDocument.Parse(File.ReadAllText(Path.Combine(TestPaths.Data, "configs", "hunyuan-large.json"))).RootElement, "hunyuan-large.json");

    [Fact]
    public void Rows_of_every_buffer_are_counted()
    {
        // 6400 hidden, 80 heads and 8 key heads of 80, CLA, one of 16 experts of 18304, one shared.
        const long Residual = (6400 * (4 + 2 + 2)) + (80 * 4), Attention = ((6400 + 1280) * 4) + (6400 * 4) + (2 * 6400 * 2);
        const long FeedForward = (18304 * 2) + ((16 + 6400) * 4) + (((4 * 6400) + 18304) * 2);
        ScratchSize size = ScratchSize.Of(Large, new ModelOptions { MaxBatchTokens = 1000, MaxLogitRows = 10 });
        Assert.Equal(1000 * (Residual + Attention + FeedForward), size.StepBytes);
        Assert.Equal(10 * ((Large.VocabSize * 4L) + (6400 * 6)), size.LogitBytes);
    }

    [Fact]
    public void Steps_in_flight_share_what_they_use_one_after_the_other()
    {
        // Residual stream, normed rows, angles, and the input and output of one expert.
        const long Own = (6400 * (4 + 2)) + (80 * 4) + (2 * 6400 * 2);
        ModelOptions options = new() { MaxBatchTokens = 1000, MaxLogitRows = 10 };
        ScratchSize one = ScratchSize.Of(Large, options), three = ScratchSize.Of(Large, options with { StepsInFlight = 3 });
        Assert.Equal(1000 * 2 * Own, three.StepBytes - one.StepBytes);
        Assert.Equal(one.LogitBytes, three.LogitBytes);
    }

    [Fact]
    public void The_largest_step_does_not_overflow() =>
        Assert.InRange(ScratchSize.Of(Large, new ModelOptions { MaxBatchTokens = 65536, MaxLogitRows = 65536 }).Bytes, 1L << 35, 1L << 37);
}
