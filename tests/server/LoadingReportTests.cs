using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Server.Hosting;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>What a server says about a model that is loading.</summary>
public sealed class LoadingReportTests
{
    private const long Total = 4_000_000_000;

    private readonly FakeTimeProvider _time = new();
    private readonly ModelSlot _slot = new();

    [Fact]
    public void Each_stage_has_a_time_left_of_its_own()
    {
        LoadingReport report = new(_slot, _time);
        Advance(report, 10, 1_000_000_000, LoadStage.Packing);
        Assert.Equal("The model is loading. 1.0 of 4.0 GB of its weights are loaded; about 30 seconds are left.", _slot.Readiness!.Message);
        Advance(report, 30, Total, LoadStage.Packing);
        Advance(report, 5, 16_000_000, LoadStage.Saving);
        Advance(report, 1, 1_000_000_000, LoadStage.Saving);
        Assert.Equal("The model is loading. 1.0 of 4.0 GB of its weights are saved in a packed copy; about 3 seconds are left.", _slot.Readiness!.Message);
    }

    [Fact]
    public void No_time_is_known_before_the_first_bytes()
    {
        Advance(new LoadingReport(_slot, _time), 1, 0, LoadStage.Packing);
        Assert.Equal("The model is loading. 0.0 of 4.0 GB of its weights are loaded.", _slot.Readiness!.Message);
    }

    private void Advance(LoadingReport report, int seconds, long bytes, LoadStage stage)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        report.Report(new LoadProgress(1, 4, bytes, Total, stage));
    }
}
