using HunyuanOrleans.Grains.Links;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Links;

/// <summary>The text of --link.</summary>
public sealed class LinkSpeedTests
{
    [Theory]
    [InlineData("25us,12.5GB/s", 25, 12.5e9)]
    [InlineData("1ms,10Gbit/s", 1000, 1.25e9)]
    [InlineData("0.5 ms, 100 MB/s", 500, 1e8)]
    [InlineData("2s,8Mbit/s", 2e6, 1e6)]
    [InlineData("0us,1KB/s", 0, 1e3)]
    [InlineData("40us", 40, double.PositiveInfinity)]
    public void A_latency_and_a_bandwidth_are_read(string text, double microseconds, double bytesPerSecond) =>
        Assert.Equal(new LinkSpeed(TimeSpan.FromMicroseconds(microseconds), bytesPerSecond), LinkSpeed.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("25")]
    [InlineData("us")]
    [InlineData("-1us")]
    [InlineData("11s")]
    [InlineData("25us,")]
    [InlineData("25us,0GB/s")]
    [InlineData("25us,1B/s")]
    [InlineData("25us,12.5GB")]
    [InlineData("12.5GB/s,25us")]
    [InlineData("25us,1GB/s,1GB/s")]
    [InlineData("1e3us")]
    [InlineData("NaNs")]
    public void Anything_else_is_refused(string text) => Assert.Null(LinkSpeed.Parse(text));

    [Fact]
    public void A_faster_clock_shortens_latency_and_raises_bandwidth() =>
        Assert.Equal(new LinkSpeed(TimeSpan.FromMicroseconds(10), 1e9), new LinkSpeed(TimeSpan.FromMicroseconds(100), 1e8).Scale(0.1));
}
