using HunyuanOrleans.Cli.Drills;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>What counts as a gap and as a wait in a drill.</summary>
public sealed class TokenGapTrackerTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly TokenGapTracker _gaps;

    public TokenGapTrackerTests() => _gaps = new TokenGapTracker(_clock);

    [Fact]
    public void A_gap_is_the_time_from_token_to_token()
    {
        Advance(100);
        _gaps.RecordTokens(1);
        Advance(2);
        _gaps.RecordTokens(3);
        Advance(1);
        _gaps.RecordTokens(1);
        Assert.Equal(5, _gaps.Tokens);
        Assert.Equal(TimeSpan.FromSeconds(2), _gaps.LongestGap);
    }

    [Fact]
    public void A_wait_starts_with_the_action()
    {
        _gaps.RecordTokens(1);
        Advance(5);
        _gaps.MarkAction();
        Advance(3);
        _gaps.RecordTokens(1);
        Advance(1);
        Assert.Equal(TimeSpan.FromSeconds(3), _gaps.TakeLongestWait());
        Assert.Equal(TimeSpan.FromSeconds(8), _gaps.LongestGap);
    }

    [Fact]
    public void A_token_in_flight_does_not_end_the_wait()
    {
        _gaps.RecordTokens(1);
        _gaps.MarkAction();
        Advance(0.01);
        _gaps.RecordTokens(1);
        Advance(4);
        _gaps.RecordTokens(1);
        Assert.Equal(TimeSpan.FromSeconds(4), _gaps.TakeLongestWait());
    }

    [Fact]
    public void A_wait_that_continues_counts_and_the_next_action_starts_a_new_one()
    {
        _gaps.RecordTokens(1);
        _gaps.MarkAction();
        Advance(6);
        Assert.Equal(TimeSpan.FromSeconds(6), _gaps.TakeLongestWait());
        _gaps.MarkAction();
        Advance(1);
        _gaps.RecordTokens(1);
        Assert.Equal(TimeSpan.FromSeconds(1), _gaps.TakeLongestWait());
    }

    private void Advance(double seconds) => _clock.Advance(TimeSpan.FromSeconds(seconds));
}
