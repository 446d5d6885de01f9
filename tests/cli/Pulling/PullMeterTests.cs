using HunyuanOrleans.Cli.Pulling;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace HunyuanOrleans.Cli.Tests.Pulling;

public sealed class PullMeterTests
{
    [Fact]
    public void Time_left_follows_the_speed_of_the_last_moments()
    {
        FakeTimeProvider clock = new();
        PullMeter meter = new(3, 1_000_000, clock);
        meter.Found(400_000);
        Assert.Null(meter.Look().Left);
        for (int second = 1; second <= 60; second++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            meter.Received(second <= 20 ? 100 : 5000);
            meter.Look();
        }

        // What was found, and the slow beginning, count for nothing: 600 000 - 202 000 bytes are left.
        PullProgress progress = meter.Look();
        Assert.Equal(5000, progress.BytesPerSecond, 1);
        Assert.Equal(79.6, progress.Left!.Value.TotalSeconds, 1);
        Assert.Equal("0/3 files, 1 min 19 s left", progress.Note);
        clock.Advance(TimeSpan.FromSeconds(140));
        meter.Look();
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(meter.Look().Left);
        meter.Lost(1000);
        meter.FileDone();
        Assert.Equal((601_000, 1), (meter.Look().Done, meter.Look().FilesDone));
    }

    [Fact]
    public void Patterns_are_those_of_shells()
    {
        Assert.True(new FilePatterns([]).Match("any/thing"));
        Assert.True(new FilePatterns(["*.json", "x?z"]).Match("deep/er/a.json"));
        Assert.True(new FilePatterns(["x?z"]).Match("xyz"));
        Assert.False(new FilePatterns(["x?z"]).Match("xyyz"));
        Assert.False(new FilePatterns(["*.json"]).Match("a.json5"));
        Assert.False(new FilePatterns(["a.json"]).Match("aXjson"));
    }
}
