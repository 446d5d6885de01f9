namespace HunyuanOrleans.Embedded.Tests.Grains;

public interface ITimerGrain : IGrainWithStringKey
{
    Task StartAsync(int milliseconds, bool interleave);

    Task StopAsync();

    [AlwaysInterleave]
    Task<int> TicksAsync();

    /// <summary>How many ticks came while this ran.</summary>
    Task<int> BusyAsync(int milliseconds);
}

public sealed class TimerGrain : Grain, ITimerGrain
{
    private IGrainTimer? _timer;
    private int _ticks;

    public Task StartAsync(int milliseconds, bool interleave)
    {
        var time = TimeSpan.FromMilliseconds(milliseconds);
        _timer = this.RegisterGrainTimer(
            static (grain, _) =>
            {
                grain._ticks++;
                return Task.CompletedTask;
            },
            this,
            new GrainTimerCreationOptions { DueTime = time, Period = time, Interleave = interleave });
        return Task.CompletedTask;
    }

    public Task StopAsync()
    {
        _timer?.Dispose();
        return Task.CompletedTask;
    }

    public Task<int> TicksAsync() => Task.FromResult(_ticks);

    public async Task<int> BusyAsync(int milliseconds)
    {
        var before = _ticks;
        await Task.Delay(milliseconds);
        return _ticks - before;
    }
}
