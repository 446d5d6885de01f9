using HunyuanOrleans.Grains.Execution;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Steps;

/// <summary>Steps share a route, and a switch to another one runs alone.</summary>
public sealed class RouteGateTests
{
    private readonly RouteState _state = new();
    private readonly RouteGate _gate;
    private readonly Route _first = NewRoute(1), _second = NewRoute(2);

    public RouteGateTests() => _gate = new RouteGate(_state);

    [Fact]
    public async Task A_switch_waits_until_all_steps_have_left_and_holds_up_later_ones()
    {
        _state.Publish(_first);
        Assert.Same(_first, await EnterAsync());
        Assert.Same(_first, await EnterAsync());
        Assert.True(_state.IsStepping);
        _state.Publish(_second);
        TaskCompletionSource moved = new();
        Task<Route?> switching = _gate.EnterAsync(() => _state.Current, async route =>
        {
            await moved.Task;
            _state.InUse = route;
        }, default);
        Task<Route?> later = EnterAsync();
        _gate.Leave();
        Assert.False(switching.IsCompleted);
        _gate.Leave();
        Assert.False(later.IsCompleted);
        moved.SetResult();
        Assert.Same(_second, await switching);
        Assert.Same(_second, await later);
        Assert.Same(_second, _state.InUse);
        _gate.Leave();
        _gate.Leave();
        Assert.False(_state.IsStepping);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_route_that_breaks_or_is_replaced_while_steps_leave_is_not_switched_to(bool replaced)
    {
        _state.Publish(_first);
        await EnterAsync();
        _state.Publish(_second);
        Task<Route?> waiting = EnterAsync();
        if (replaced)
        {
            _state.Publish(NewRoute(3));
        }
        else
        {
            _second.Broken = true;
        }

        _gate.Leave();
        Assert.Null(await waiting);
        Assert.Same(_first, _state.InUse);
        Assert.False(_state.IsStepping);
    }

    [Fact]
    public async Task A_switch_that_fails_lets_others_try()
    {
        _state.Publish(_first);
        await Assert.ThrowsAsync<TimeoutException>(() => _gate.EnterAsync(() => _state.Current, static _ => throw new TimeoutException(), default));
        Assert.False(_state.IsStepping);
        await EnterAsync();
        Assert.True(_state.IsStepping);
    }

    private Task<Route?> EnterAsync() => _gate.EnterAsync(
        () => _state.Current,
        route =>
        {
            _state.InUse = route;
            return Task.CompletedTask;
        },
        default);

    private static Route NewRoute(long version) => new(version, null!, [], []);
}
