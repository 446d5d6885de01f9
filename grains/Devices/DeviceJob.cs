using System.Threading.Tasks.Sources;

namespace HunyuanOrleans.Grains.Devices;

/// <summary>A reusable work item of a <see cref="DeviceThread"/>. Running it again allocates nothing. It must not run twice at the same time.</summary>
/// <param name="work">The work.</param>
public sealed class DeviceJob(Action work) : IValueTaskSource
{
    // Continuations run on other threads: the device's thread only computes.
    private ManualResetValueTaskSourceCore<bool> _done = new() { RunContinuationsAsynchronously = true };

    /// <summary>Queues the work.</summary>
    /// <returns>Completes when the work is done, with its exception if it threw. Await it once.</returns>
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
