using HunyuanOrleans.Cli.Drills;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>What counts as silence and as waiting in a drill.</summary>
public sealed class StreamMeterTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly StreamMeter _meter;

    public StreamMeterTests() => _meter = new StreamMeter(_clock);

    [Fact]
    public void Silence_is_from_token_to_token()
    {
        Advance(100);
        _meter.Came(1);
        Advance(2);
        _meter.Came(3);
        Advance(1);
        _meter.Came(1);
        Assert.Equal(5, _meter.Tokens);
        Assert.Equal(TimeSpan.FromSeconds(2), _meter.LongestGap);
    }

    [Fact]
    public void Waiting_begins_with_the_action()
    {
        _meter.Came(1);
        Advance(5);
        _meter.Mark();
        Advance(3);
        _meter.Came(1);
        Advance(1);
        Assert.Equal(TimeSpan.FromSeconds(3), _meter.TakeWait());
        Assert.Equal(TimeSpan.FromSeconds(8), _meter.LongestGap);
    }

    [Fact]
    public void A_token_that_was_on_its_way_does_not_end_the_waiting()
    {
        _meter.Came(1);
        _meter.Mark();
        Advance(0.01);
        _meter.Came(1);
        Advance(4);
        _meter.Came(1);
        Assert.Equal(TimeSpan.FromSeconds(4), _meter.TakeWait());
    }

    [Fact]
    public void Waiting_that_goes_on_counts_and_the_next_action_begins_anew()
    {
        _meter.Came(1);
        _meter.Mark();
        Advance(6);
        Assert.Equal(TimeSpan.FromSeconds(6), _meter.TakeWait());
        _meter.Mark();
        Advance(1);
        _meter.Came(1);
        Assert.Equal(TimeSpan.FromSeconds(1), _meter.TakeWait());
    }

    private void Advance(double seconds) => _clock.Advance(TimeSpan.FromSeconds(seconds));
}
