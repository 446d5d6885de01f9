using HunyuanOrleans.Cli.Pulling;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace HunyuanOrleans.Cli.Tests.Pulling;

public sealed class PullProgressTrackerTests
{
    [Fact]
    public void Time_left_follows_the_recent_speed()
    {
        FakeTimeProvider clock = new();
        PullProgressTracker tracker = new(3, 1_000_000, clock);
        tracker.AddExisting(400_000);
        Assert.Null(tracker.GetProgress().Left);
        for (int second = 1; second <= 60; second++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            tracker.AddReceived(second <= 20 ? 100 : 5000);
            tracker.GetProgress();
        }

        // Existing bytes and the slow start do not count towards the speed. 600,000 - 202,000 bytes are left.
        PullProgress progress = tracker.GetProgress();
        Assert.Equal(5000, progress.BytesPerSecond, 1);
        Assert.Equal(79.6, progress.Left!.Value.TotalSeconds, 1);
        Assert.Equal("0/3 files, 1 min 19 s left", progress.Note);
        clock.Advance(TimeSpan.FromSeconds(140));
        tracker.GetProgress();
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(tracker.GetProgress().Left);
        tracker.AddDiscarded(1000);
        tracker.AddFile();
        Assert.Equal((601_000, 1), (tracker.GetProgress().Done, tracker.GetProgress().FilesDone));
    }

    [Fact]
    public void Patterns_match_as_in_a_shell_except_that_a_star_matches_slashes()
    {
        Assert.True(new FilePatterns([]).Match("any/thing"));
        Assert.True(new FilePatterns(["*.json", "x?z"]).Match("deep/er/a.json"));
        Assert.True(new FilePatterns(["x?z"]).Match("xyz"));
        Assert.False(new FilePatterns(["x?z"]).Match("xyyz"));
        Assert.False(new FilePatterns(["*.json"]).Match("a.json5"));
        Assert.False(new FilePatterns(["a.json"]).Match("aXjson"));
    }
}
