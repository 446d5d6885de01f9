using HunyuanOrleans.Cli.Simulation;
using HunyuanOrleans.Grains.Messages;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>Totals of silos that are started again, and of which some reports are missing.</summary>
public sealed class SiloHistoryTests
{
    [Fact]
    public void Counters_go_on_where_a_silo_is_started_again()
    {
        SiloHistory silo = new("silo-1");
        silo.Add(1, Report(busy: 2, loaded: 100, peak: 70, steps: 5));
        silo.Add(2, null);
        silo.Add(3, Report(busy: 3, loaded: 150, peak: 80, steps: 9));
        silo.Add(4, Report(busy: 0.5, loaded: 40, peak: 60, steps: 1));
        Assert.Equal((0, 0L, 0L), Of(silo, 0.5));
        Assert.Equal((2, 100L, 5L), Of(silo, 1.5));
        Assert.Equal((2, 100L, 5L), Of(silo, 2));
        Assert.Equal((3, 150L, 9L), Of(silo, 3));
        Assert.Equal((3.5, 190L, 10L), Of(silo, double.PositiveInfinity));
        Assert.Equal([true, false, true], new[] { 1, 2, 3.9 }.Select(time => silo.At(time).Alive));
        Assert.Equal([70, 80, 80], new[] { 1.0, 3, 4 }.Select(time => silo.At(time).PeakBytes));
        Assert.Equal(1000, silo.MemoryBytes);
    }

    [Fact]
    public void A_silo_without_a_device_after_one_with_a_device_was_started_again()
    {
        SiloHistory silo = new("silo-1");
        silo.Add(1, Report(busy: 2, loaded: 100, peak: 70, steps: 5));
        silo.Add(2, new SiloReport("silo-1", [], new TrafficReport(0, 0, 0, 0, 0)));
        silo.Add(3, Report(busy: 1, loaded: 100, peak: 70, steps: 2));
        Assert.Equal((3, 200L, 7L), Of(silo, 3));
    }

    private static (double Busy, long Loaded, long Calls) Of(SiloHistory silo, double time)
    {
        SiloHistory.Sample sample = silo.At(time);
        return (sample.Busy, sample.LoadedBytes, sample.Calls);
    }

    private static SiloReport Report(double busy, long loaded, long peak, long steps) => new(
        "silo-1",
        [new HoldingReport("m", [], loaded, 0, 0, [], 0, new DeviceReport(busy, peak, peak, 1000, loaded, loaded, 0, 0))],
        new TrafficReport(steps, 0, 0, 0, 0));
}
