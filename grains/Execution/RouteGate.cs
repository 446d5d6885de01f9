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

    /// <summary>Enters, and switches routes first if necessary. A step that has entered must <see cref="Leave"/>.</summary>
    /// <param name="route">The route that the step shall use.</param>
    /// <param name="switchTo">Switches to the route, while no step uses any.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task EnterAsync(Route route, Func<Task> switchTo, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (route == state.InUse)
            {
                Count(1);
                return;
            }

            await Idle().WaitAsync(cancellationToken).ConfigureAwait(false);
            Count(1);
            try
            {
                await switchTo().ConfigureAwait(false);
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
