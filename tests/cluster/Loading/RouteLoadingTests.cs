using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Execution;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Loading;

/// <summary>How far loading is, and when it should be done.</summary>
public sealed class RouteLoadingTests
{
    private static readonly PinnedKey First = PinnedKey.OfSilo("a"), Second = PinnedKey.OfSilo("b");

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Bytes_add_up_and_the_slowest_silo_counts()
    {
        RouteLoading loading = new(_time);
        loading.Report(First, new LoadState(false, 100, 60, 6));
        loading.Report(Second, new LoadState(false, 50, 50, null));
        Assert.Equal(new LoadingProgress(150, 110, null), loading.Progress);
        loading.Report(Second, new LoadState(false, 50, 40, 20));
        Assert.Equal(new LoadingProgress(150, 100, 20), loading.Progress);
        loading.Report(Second, new LoadState(true, 0, 0, 0));
        Assert.Equal(new LoadingProgress(150, 60, 6), loading.Progress);
    }

    [Fact]
    public void The_expected_end_moves_with_progress_only()
    {
        RouteState state = new();
        RouteLoading loading = new(_time);
        state.BeginLoading(loading);
        loading.Report(First, new LoadState(false, 100, 100, null));
        Assert.Equal(0, state.LoadedUntil);
        _time.Advance(TimeSpan.FromSeconds(10));
        loading.Report(First, new LoadState(false, 100, 90, 90));
        long expected = state.LoadedUntil;
        Assert.Equal(-90, _time.GetElapsedTime(expected).TotalSeconds);
        _time.Advance(TimeSpan.FromSeconds(200));
        loading.Report(First, new LoadState(false, 100, 90, 2000));
        Assert.Equal(expected, state.LoadedUntil);
        loading.Report(First, new LoadState(false, 100, 80, 100));
        Assert.Equal(-100, _time.GetElapsedTime(state.LoadedUntil).TotalSeconds);

        // What was expected no longer counts when loading has failed.
        state.EndLoading();
        Assert.Equal(0, _time.GetElapsedTime(state.LoadedUntil).TotalSeconds);
    }

    [Fact]
    public void Loading_beside_a_usable_route_does_not_count()
    {
        RouteState state = new();
        Route route = new(1, null!, [], []);
        state.Publish(route);
        RouteLoading loading = new(_time);
        state.BeginLoading(loading);
        loading.Report(First, new LoadState(false, 100, 100, null));
        _time.Advance(TimeSpan.FromSeconds(10));
        loading.Report(First, new LoadState(false, 100, 90, 90));
        Assert.Equal(0, state.LoadedUntil);

        // From now on steps wait for it.
        route.Broken = true;
        Assert.Equal(-90, _time.GetElapsedTime(state.LoadedUntil).TotalSeconds);
        state.Publish(new Route(2, null!, [], []));
        Assert.Equal(0, _time.GetElapsedTime(state.LoadedUntil).TotalSeconds);
        _time.Advance(TimeSpan.FromSeconds(10));
        loading.Report(First, new LoadState(false, 100, 80, 80));
        state.EndLoading();
        Assert.Equal(10, _time.GetElapsedTime(state.LoadedUntil).TotalSeconds);
    }

    [Fact]
    public void A_route_is_changing_from_the_beginning_of_loading_until_steps_have_switched()
    {
        RouteState state = new();
        Assert.False(state.IsChanging);
        state.BeginLoading(new RouteLoading(_time));
        Assert.True(state.IsChanging);
        Route first = new(1, null!, [], []), second = new(2, null!, [], []);
        state.Publish(first);
        state.EndLoading();
        state.InUse = first;
        Assert.False(state.IsChanging);

        state.BeginLoading(new RouteLoading(_time));
        state.Publish(second);
        state.EndLoading();
        Assert.True(state.IsChanging);
        state.InUse = second;
        Assert.False(state.IsChanging);

        // An attempt that failed leaves nothing to wait for.
        state.BeginLoading(new RouteLoading(_time));
        state.EndLoading();
        Assert.False(state.IsChanging);
    }

    [Fact]
    public void Only_time_in_which_something_is_loaded_counts_for_the_speed()
    {
        LoadMeter meter = new(_time);
        meter.Add(100);
        meter.Add(100);
        Assert.Null(meter.TimeLeft);
        _time.Advance(TimeSpan.FromSeconds(5));
        meter.Begin();
        meter.Begin();
        _time.Advance(TimeSpan.FromSeconds(10));
        meter.End(100);
        meter.Remove(100);
        Assert.Equal((100, 100, 10), (meter.LoadedBytes, meter.BytesLeft, meter.TimeLeft!.Value.TotalSeconds));
        meter.End(0);
        meter.Remove(100);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal((100, 0, 10), (meter.LoadedBytes, meter.BytesLeft, meter.Elapsed.TotalSeconds));
        Assert.Equal(TimeSpan.Zero, meter.TimeLeft);
    }
}
