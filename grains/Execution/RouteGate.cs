namespace HunyuanOrleans.Grains.Execution;

/// <summary>
/// Lets any number of steps use one route at a time: before steps may use another one, those on the last must have left, and the switch to it runs alone.
/// Thread-safe.
/// </summary>
/// <param name="state">Learns which route is in use, and whether a step uses it.</param>
internal sealed class RouteGate(RouteState state)
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _gate = new();
    private int _steps;
    private TaskCompletionSource? _idle;

    /// <summary>Enters the latest route, and switches to it first if necessary. A step that has entered must <see cref="Leave"/>.</summary>
    /// <param name="latest">Reads the latest route: it may change while this waits for other steps.</param>
    /// <param name="switchTo">Switches to a route, while no step uses any.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The route; null if there is no usable one, or it was replaced meanwhile. The step has not entered then.</returns>
    public async Task<Route?> EnterAsync(Func<Route?> latest, Func<Route, Task> switchTo, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (latest() is not { Broken: false } route)
            {
                return null;
            }

            if (route == state.InUse)
            {
                Count(1);
                return route;
            }

            await Idle().WaitAsync(cancellationToken).ConfigureAwait(false);
            if (route.Broken || latest() != route)
            {
                return null;
            }

            Count(1);
            try
            {
                await switchTo(route).ConfigureAwait(false);
                return route;
            }
            catch
            {
                Count(-1);
                throw;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Leaves the route.</summary>
    public void Leave() => Count(-1);

    private Task Idle()
    {
        lock (_gate)
        {
            return _steps == 0 ? Task.CompletedTask : (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private void Count(int change)
    {
        TaskCompletionSource? idle = null;
        lock (_gate)
        {
            _steps += change;
            state.IsStepping = _steps > 0;
            if (_steps == 0)
            {
                (idle, _idle) = (_idle, null);
            }
        }

        idle?.SetResult();
    }
}
