using System.Threading.Tasks.Sources;

namespace HunyuanOrleans.Grains.Devices;

/// <summary>Work for a <see cref="DeviceThread"/>, reused: running it again allocates nothing. One run at a time.</summary>
/// <param name="work">What it does.</param>
public sealed class DeviceJob(Action work) : IValueTaskSource
{
    // Whoever waits goes on elsewhere: the device's thread is for computing.
    private ManualResetValueTaskSourceCore<bool> _done = new() { RunContinuationsAsynchronously = true };

    /// <summary>Queues the work.</summary>
    /// <returns>Completes when it is done, with its exception where it threw. Await it once.</returns>
    public ValueTask RunAsync(DeviceThread thread)
    {
        _done.Reset();
        ValueTask task = new(this, _done.Version);
        thread.Post(this);
        return task;
    }

    internal void Execute()
    {
        try
        {
            work();
        }
        catch (Exception fault)
        {
            Fail(fault);
            return;
        }

        _done.SetResult(true);
    }

    internal void Fail(Exception fault) => _done.SetException(fault);

    void IValueTaskSource.GetResult(short token) => _done.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _done.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _done.OnCompleted(continuation, state, token, flags);
}
