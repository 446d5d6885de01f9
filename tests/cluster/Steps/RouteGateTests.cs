using HunyuanOrleans.Grains.Execution;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Steps;

/// <summary>Steps share a route, and a switch to another one runs alone.</summary>
public sealed class RouteGateTests
{
    private readonly RouteState _state = new();
    private readonly RouteGate _gate;

    public RouteGateTests() => _gate = new RouteGate(_state);

    [Fact]
    public async Task A_switch_waits_until_all_steps_have_left_and_holds_up_later_ones()
    {
        Route first = NewRoute(1), second = NewRoute(2);
        await EnterAsync(first);
        await EnterAsync(first);
        Assert.True(_state.IsStepping);
        TaskCompletionSource moved = new();
        Task switching = _gate.EnterAsync(second, async () =>
        {
            await moved.Task;
            _state.InUse = second;
        }, default);
        Task later = EnterAsync(second);
        _gate.Leave();
        Assert.False(switching.IsCompleted);
        _gate.Leave();
        Assert.False(later.IsCompleted);
        moved.SetResult();
        await switching;
        await later;
        Assert.Same(second, _state.InUse);
        _gate.Leave();
        _gate.Leave();
        Assert.False(_state.IsStepping);
    }

    [Fact]
    public async Task A_switch_that_fails_lets_others_try()
    {
        await Assert.ThrowsAsync<TimeoutException>(() => _gate.EnterAsync(NewRoute(1), static () => throw new TimeoutException(), default));
        Assert.False(_state.IsStepping);
        await EnterAsync(NewRoute(1));
        Assert.True(_state.IsStepping);
    }

    private Task EnterAsync(Route route) => _gate.EnterAsync(
        route,
        () =>
        {
            _state.InUse = route;
            return Task.CompletedTask;
        },
        default);

    private static Route NewRoute(long version) => new(version, null!, [], []);
}
